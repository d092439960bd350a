"""``jetbridge adopt check``: the report that Airflow's side makes of a folder."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SHAPES = ROOT / "tests/integration/airflow/adopted_dags"
MODULE = "airflow_provider_jetbridge.adopt.check"


def check(folder: Path, to: Path, *options: str, **variables: str) -> dict[str, Any]:
    """Run the check as the command does: in a process of its own, without a database."""
    home = {"AIRFLOW_HOME": str(to.parent / "home")}
    subprocess.run(
        [sys.executable, "-m", MODULE, str(folder), "--to", str(to), *options],
        env={**os.environ, **home, **variables},
        check=True,
        capture_output=True,
    )
    report: dict[str, Any] = json.loads(to.read_text())
    return report


def by_id(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{task['dag_id']}.{task['task_id']}": task for task in report["tasks"]}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    found = check(EXAMPLES / "adopt", tmp_path_factory.mktemp("check") / "report.json")
    assert found["import_errors"] == {}
    return by_id(found)


def test_each_task_of_the_example_has_its_verdict(example: dict[str, dict[str, Any]]) -> None:
    assert {task_id: task["verdict"] for task_id, task in example.items()} == {
        "nightly_reports.extract": "adopted",
        "nightly_reports.report": "adopted",
        "nightly_reports.archive": "stays",
        "nightly_reports.cleanup": "not chosen",
    }
    (why,) = example["nightly_reports.archive"]["refused"]
    assert "ArchivedOperator.execute has code after super().execute" in why
    assert example["nightly_reports.cleanup"]["why"] == "its parameter 'jetbridge' is false"


def test_what_is_the_same_and_what_changes(example: dict[str, dict[str, Any]]) -> None:
    extract = example["nightly_reports.extract"]
    assert extract["operator"] == "nightly_reports.TracedOperator"
    assert extract["same"] == [
        "cluster",
        "launch_type",
        "network_configuration",
        "overrides",
        "task_definition",
    ]
    changes = {each["keyword"]: each["here"] for each in extract["changes"]}
    assert sorted(changes) == [
        "awslogs_group",
        "awslogs_stream_prefix",
        "execution_timeout",
        "retries",
    ]
    assert "their place is read from the task definition" in changes["awslogs_group"]


def test_what_the_stack_has_to_allow(example: dict[str, dict[str, Any]]) -> None:
    extract = example["nightly_reports.extract"]["needs"]
    assert extract["clusters"] == ["etl"]
    assert extract["task_definitions"] == ["extract"]
    assert extract["log_groups"] == ["/ecs/extract"]
    report = example["nightly_reports.report"]
    assert report["mapped"]
    assert (report["needs"]["job_queues"], report["needs"]["job_definitions"]) == (
        ["reports"],
        ["report"],
    )


def test_the_repositorys_examples_are_jetbridges_already(tmp_path: Path) -> None:
    found = check(EXAMPLES / "dags", tmp_path / "report.json")
    assert found["import_errors"] == {}
    assert len(found["tasks"]) > 8
    assert {task["verdict"] for task in found["tasks"]} == {"jetbridge"}
    assert all(task["needs"]["clusters"] or task["needs"]["job_queues"] for task in found["tasks"])


def test_the_configuration_chooses_and_the_policy_changes_nothing(tmp_path: Path) -> None:
    """Adoption is on where the check runs, and it sees the DAGs as they are written."""
    found = check(SHAPES, tmp_path / "report.json", AIRFLOW__JETBRIDGE__ADOPT="tag:nightly")
    assert found["import_errors"] == {}
    verdicts = {task_id: task["verdict"] for task_id, task in by_id(found).items()}
    assert verdicts.pop("by_tag.of-the-tag") == "adopted"
    assert set(verdicts.values()) == {"not chosen"}
    everything = by_id(check(SHAPES, tmp_path / "report.json", "--adopt", "*"))
    assert everything["shapes.afterwards"]["verdict"] == "stays"
    assert everything["shapes.group.taskflow"]["verdict"] == "adopted"
    assert everything["shapes.mapped"]["operator"].endswith("team.TeamOperator")


def test_values_of_templates_are_listed_as_unknown_and_broken_files_as_errors(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "good.py").write_text(
        "from airflow.sdk import DAG, XComArg\n"
        "from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator\n"
        "ROLE = 'arn:aws:iam::123456789012:role/mine'\n"
        "with DAG('good', schedule=None):\n"
        "    t = EcsRunTaskOperator(task_id='t', cluster='{{ params.c }}', task_definition='d',\n"
        "        overrides={'taskRoleArn': ROLE, 'executionRoleArn': '{{ params.r }}'})\n"
        "    EcsRunTaskOperator.partial(task_id='m', cluster='c', overrides={})"
        ".expand(task_definition=XComArg(t))\n"
    )
    (folder / "broken.py").write_text("from airflow.sdk import DAG\nraise NameError('mine')\n")
    found = check(folder, tmp_path / "report.json")
    ((file, error),) = found["import_errors"].items()
    assert "broken.py" in file
    assert "mine" in error
    tasks = by_id(found)
    assert tasks["good.t"]["needs"]["unknown"] == {"cluster": "the template {{ params.c }}"}
    assert tasks["good.t"]["needs"]["roles"] == ["arn:aws:iam::123456789012:role/mine"]
    assert tasks["good.m"]["needs"]["unknown"] == {
        "task_definition": "a PlainXComArg, known when the task runs"
    }


@pytest.mark.parametrize("ends", [True, False])
def test_a_file_that_ends_the_process_is_named(tmp_path: Path, ends: bool) -> None:
    folder, to = tmp_path / "dags", tmp_path / "report.json"
    folder.mkdir()
    (folder / "good.py").write_text("from airflow.sdk import DAG\n")
    (folder / "other.py").write_text("from airflow.sdk import DAG\n")
    if ends:
        (folder / "ends.py").write_text("from airflow.sdk import DAG\nimport os\nos._exit(7)\n")
        with pytest.raises(subprocess.CalledProcessError) as ended:
            check(folder, to)
        assert ended.value.returncode == 7
    else:
        assert check(folder, to)["import_errors"] == {}
    parsing = to.with_suffix(".parsing").read_text()
    assert parsing == (str(folder / "ends.py") if ends else "")


MAPPED = """
from airflow.sdk import DAG, task
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator

POD = {"podProperties": {"containers": [{"image": "other"}]}}

with DAG("lists", schedule=None, max_active_tasks=1):

    @task
    def jobs():
        return []

    EcsRunTaskOperator.partial(task_id="each", cluster="c", max_active_tis_per_dag=2).expand(
        task_definition=["a", "b", "a"],
        overrides=[{}, {"taskRoleArn": "arn:aws:iam::123456789012:role/mine"}],
        awslogs_group=["/g"],
    )
    BatchOperator.partial(task_id="kwargs", job_definition="d").expand_kwargs(
        [{"job_queue": "q1", "job_name": "n"}, {"job_queue": "{{ ds }}", "job_name": "m"}]
    )
    BatchOperator.partial(task_id="xcom", job_definition="d").expand_kwargs(jobs())
    BatchOperator.partial(task_id="images", job_definition="d", job_queue="q", job_name="n").expand(
        eks_properties_override=[{}, POD]
    )
"""


def test_what_a_list_in_the_dag_file_says_of_a_mapped_task(tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "lists.py").write_text(MAPPED)
    found = check(folder, tmp_path / "report.json")
    assert found["import_errors"] == {}
    tasks = by_id(found)
    each = tasks["lists.each"]
    assert each["needs"]["task_definitions"] == ["a", "b"]
    assert each["needs"]["roles"] == ["arn:aws:iam::123456789012:role/mine"]
    assert each["needs"]["log_groups"] == ["/g"]
    assert each["needs"]["unknown"] == {}
    assert {change["keyword"] for change in each["changes"]} == {
        "awslogs_group",
        "max_active_tasks",
        "max_active_tis_per_dag",
    }
    kwargs = tasks["lists.kwargs"]["needs"]
    assert (kwargs["job_queues"], kwargs["unknown"]) == (
        ["q1"],
        {"job_queue": "the template {{ ds }}"},
    )
    assert tasks["lists.xcom"]["needs"]["unknown"] == {"job_queue": "known when the task runs"}
    assert tasks["lists.images"]["verdict"] == "stays"
    assert "podProperties.containers[0].image is refused" in tasks["lists.images"]["why"]
