"""``jetbridge init`` on an account in moto."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cli_stack import REGION, client
from hypothesis import given
from hypothesis import strategies as st
from interception import deny, intercept
from typer.testing import CliRunner, Result

from jetbridge_cli.init.files import samconfig
from jetbridge_cli.main import app

PREFIX = f"arn:aws:ecs:{REGION}:123456789012"
ROLE = "arn:aws:iam::123456789012:role/report"


LOG_GROUPS = f"arn:aws:logs:{REGION}:123456789012:log-group"
AIRFLOW: dict[str, Any] = {
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/service-role/airflow-etl",
    "LoggingConfiguration": {
        "TaskLogs": {
            "Enabled": True,
            "CloudWatchLogGroupArn": f"{LOG_GROUPS}:airflow-etl-Task",
        }
    },
}


def with_airflows(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """moto has no Amazon MWAA: its answers have the shapes of botocore's model."""

    def answer(operation: str, _: dict[str, Any]) -> dict[str, Any] | None:
        answers = {"ListEnvironments": {"Environments": list(names)}}
        return (answers | {"GetEnvironment": {"Environment": AIRFLOW}}).get(operation)

    intercept(monkeypatch, answer)


@pytest.fixture
def account(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clusters, the families etl-report (two revisions) and web, and a bucket."""
    with_airflows(monkeypatch)
    ecs = client("ecs")
    for cluster in ("etl", "web"):
        ecs.create_cluster(clusterName=cluster)
    container: dict[str, Any] = {
        "name": "main",
        "image": "busybox",
        "memory": 128,
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/etl"}},
    }
    for family in ("etl-report", "etl-report", "web"):
        ecs.register_task_definition(
            family=family,
            taskRoleArn=ROLE,
            executionRoleArn=f"{ROLE}-execution",
            containerDefinitions=[container],
        )
    client("s3").create_bucket(
        Bucket="airflow-logs", CreateBucketConfiguration={"LocationConstraint": REGION}
    )


def call(folder: Path, *arguments: str, answers: str | None = None) -> Result:
    command = ["init", "--region", REGION, "--folder", str(folder), *arguments]
    return CliRunner().invoke(app, command, input=answers)


def written(folder: Path) -> dict[str, str]:
    config = tomllib.loads((folder / "samconfig.toml").read_text())
    overrides = config["default"]["deploy"]["parameters"]["parameter_overrides"]
    return dict(override.split("=", 1) for override in overrides)


def test_flags_open_the_stack_for_what_they_name(account: None, tmp_path: Path) -> None:
    done = call(
        tmp_path,
        "--yes",
        "--cluster=etl",
        "--task-definition=etl-*",
        "--airflow-logs=s3://airflow-logs/production",
    )
    assert done.exit_code == 0, done.output
    assert written(tmp_path) == {
        "ClusterArns": f"{PREFIX}:cluster/etl",
        "TaskDefinitionArns": f"{PREFIX}:task-definition/etl-*:*",
        "PassableRoleArns": f"{ROLE},{ROLE}-execution",
        "ContainerLogGroupArns": f"arn:aws:logs:{REGION}:123456789012:log-group:/etl:*",
        "AirflowLogBucket": "airflow-logs",
        "AirflowLogPrefix": "production/",
    }


def test_logs_of_jobs_with_several_containers_can_be_read(account: None, tmp_path: Path) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/etl/job"}}
    containers = [{"name": "main", "image": "busybox", "logConfiguration": logs}]
    found = {
        "jobDefinitionName": "load",
        "jobDefinitionArn": f"arn:aws:batch:{REGION}:123456789012:job-definition/load:3",
        "revision": 3,
        "ecsProperties": {"taskProperties": [{"containers": containers}]},
    }
    queue = f"arn:aws:batch:{REGION}:123456789012:job-queue/etl"
    answers = {
        "DescribeJobDefinitions": {"jobDefinitions": [found]},
        "DescribeJobQueues": {"jobQueues": [{"jobQueueName": "etl", "jobQueueArn": queue}]},
    }
    with pytest.MonkeyPatch.context() as patch:
        intercept(patch, lambda operation, _: answers.get(operation))
        done = call(tmp_path, "--yes", "--job-queue=etl", "--job-definition=load")
    assert done.exit_code == 0, done.output
    group = f"arn:aws:logs:{REGION}:123456789012:log-group:/etl/job:*"
    assert written(tmp_path)["ContainerLogGroupArns"] == group


def test_without_flags_everything_is_proposed(account: None, tmp_path: Path) -> None:
    assert call(tmp_path, "--yes").exit_code == 0
    values = written(tmp_path)
    assert values["ClusterArns"] == f"{PREFIX}:cluster/etl,{PREFIX}:cluster/web"
    assert values["TaskDefinitionArns"].endswith(f"etl-report:*,{PREFIX}:task-definition/web:*")
    assert not values.keys() & {"JobQueueArns", "AirflowLogBucket"}


def test_an_mwaa_environment_tells_its_log_group_and_role(
    account: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_airflows(monkeypatch, "etl")
    done = call(tmp_path, "--yes")
    assert written(tmp_path)["AirflowLogGroup"] == "airflow-etl-Task"
    assert "aws iam put-role-policy --role-name airflow-etl --policy-name jetbridge" in done.stdout


@pytest.mark.parametrize(
    ("key", "listed"),
    [
        (f"arn:aws:kms:{REGION}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", True),
        ("alias/airflow", False),
    ],
)
def test_copies_into_the_log_group_of_an_environment_with_a_key_of_its_own(
    account: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, listed: bool
) -> None:
    with_airflows(monkeypatch, "etl")
    monkeypatch.setitem(AIRFLOW, "KmsKey", key)
    assert call(tmp_path, "--yes").exit_code == 0
    assert written(tmp_path).get("KmsKeyArns") == (key if listed else None)


def test_answers_are_taken(account: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jetbridge_cli.init.command.can_ask", lambda: True)
    answers = "etl\netl-report\n\n\nairflow-etl-Task\n"
    done = call(tmp_path, answers=answers)
    assert done.exit_code == 0, done.output
    values = written(tmp_path)
    assert values["ClusterArns"] == f"{PREFIX}:cluster/etl"
    assert values["TaskDefinitionArns"] == f"{PREFIX}:task-definition/etl-report:*"
    assert values["AirflowLogGroup"] == "airflow-etl-Task"


def test_the_policy_lets_airflow_invoke_only_its_aliases(account: None, tmp_path: Path) -> None:
    assert call(tmp_path, "--yes", "--stack=prod").exit_code == 0
    document = json.loads((tmp_path / "airflow-policy.json").read_text())
    resources = {each["Sid"]: each["Resource"] for each in document["Statement"]}
    functions = f"arn:aws:lambda:{REGION}:123456789012:function:prod"
    assert resources["Invoke"] == [
        f"{functions}-{name}:airflow" for name in ("start-run", "stop-run", "watch-runs")
    ]
    assert resources["Feed"] == f"{resources['Outcomes']}/index/finished"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--cluster=elt", "--task-definition=web"],
            "--cluster elt: there is none in this account",
        ),
        (["--cluster=etl", "--task-definition=x*"], "which has etl-report, web"),
        (["--cluster=etl"], "--task-definition isn't: name both kinds"),
        (["--job-definition=a"], "--job-definition a: there is none in this account and region"),
        (["--airflow-logs=gs://bucket/a"], "give s3://<bucket>/<prefix> or a log group's name"),
        (["--airflow-logs=s3:///a"], "no bucket"),
        ([f"--stack={'s' * 50}"], "names over 49 characters"),
    ],
)
def test_what_cannot_be_is_said_with_its_option(
    account: None, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = call(tmp_path, "--yes", *arguments)
    assert done.exit_code == 1
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_lists_that_start_run_cannot_hold_are_refused(account: None, tmp_path: Path) -> None:
    for number in range(60):
        client("ecs").create_cluster(clusterName=f"a-cluster-with-a-long-name-{number:03}")
    done = call(tmp_path, "--yes")
    assert done.exit_code == 1
    assert "start_run takes 4096: name fewer, or families by a pattern" in done.stderr


def test_files_are_not_overwritten_unasked(account: None, tmp_path: Path) -> None:
    (tmp_path / "airflow-policy.json").write_text("mine")
    done = call(tmp_path, "--yes")
    assert done.exit_code == 1
    assert "is there already: give --overwrite" in done.stderr
    assert not (tmp_path / "samconfig.toml").exists()
    assert (tmp_path / "airflow-policy.json").read_text() == "mine"
    assert call(tmp_path, "--yes", "--overwrite").exit_code == 0


def test_what_aws_denies_is_a_note(
    account: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny(monkeypatch, "DescribeJobQueues")
    done = call(tmp_path, "--yes")
    assert done.exit_code == 0, done.output
    assert "note: Batch job queues could not be listed: AWS denies DescribeJobQueues" in done.stderr
    assert "ClusterArns" in written(tmp_path)


@given(st.dictionaries(st.from_regex(r"[A-Za-z]{1,20}", fullmatch=True), st.text(max_size=50)))
def test_any_value_comes_back_from_the_file(values: dict[str, str]) -> None:
    config = tomllib.loads(samconfig("jetbridge", REGION, values))
    overrides = config["default"]["deploy"]["parameters"]["parameter_overrides"]
    assert dict(override.split("=", 1) for override in overrides) == values
