"""Every function: handles its sample of events/ on moto, and stays thin."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from jetbridge_testing.airflow_server import PASSWORD, AirflowServer, Reply
from jetbridge_testing.cloud import FUNCTIONS, Cloud, call, handler_of, serving
from jetbridge_testing.environment import ENVIRONMENT, QUEUES
from jetbridge_testing.notices import outcome_of
from jetbridge_testing.samples import REGION, ended_run, event, launched_run, new_run, sample
from jetbridge_testing.tables import create_table
from jetbridge_testing.template import ROOT
from msgspec.structs import replace

from jetbridge.aws import clients
from jetbridge.backends.port import Throttled
from jetbridge.contract import (
    ContractError,
    Launched,
    Outcome,
    S3LogTarget,
    StartRequest,
    StopCause,
    decode,
    to_builtins,
)
from jetbridge.logs.port import Busy
from jetbridge.outcomes.read_tails import RESERVE_SECONDS, TURN_SECONDS
from jetbridge.queues.messages import NamedDefinition
from jetbridge.runs.run import Status
from jetbridge.wiring import notify_airflow, parts
from jetbridge.wiring.logs import TIMEOUT_SECONDS


@pytest.fixture
def cloud(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    yield from serving(monkeypatch)


ALL_GOOD: dict[str, Any] = {"batchItemFailures": []}


def test_the_ten_functions() -> None:
    assert FUNCTIONS == [
        "copy_logs",
        "finish_run",
        "launch_run",
        "notify_airflow",
        "relay_logs",
        "start_run",
        "stop_run",
        "sweep_runs",
        "track_run",
        "watch_runs",
    ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_handler_is_thin(function: str) -> None:
    assert (ROOT / "functions" / function / "app.py").stat().st_size < 3 * 1024


@pytest.mark.parametrize("function", FUNCTIONS)
def test_import_needs_no_environment_and_makes_no_client(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    clients.cached_client.cache_clear()
    handler_of(function)
    assert clients.cached_client.cache_info().currsize == 0


@pytest.mark.parametrize("name", ["airflow_ecs", "airflow_batch", "schedule", "event", "person"])
def test_start_run(cloud: Cloud, name: str) -> None:
    run = new_run(name)
    answer = call("start_run", sample(f"start_run/{name}"))
    assert answer == {
        "run_id": run.run_id,
        "duplicate": False,
        "outcomes_table": "OutcomesTable",
        "stop_function": "jetbridge-stop-run",
        "region": "eu-central-1",
        "attached": False,
        "warnings": [],
        "version": 1,
    }
    row = cloud.runs.get(run.run_id)
    assert row is not None
    assert (row.request, row.status) == (run.request, Status.ACCEPTED)
    [message] = cloud.messages("launch")
    assert (message["run_id"], message["launch"]) == (run.run_id, 1)
    named = decode(NamedDefinition, message["definition"])
    assert named.parameters.items() <= run.request.parameters.items()
    assert call("start_run", sample(f"start_run/{name}"))["duplicate"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clientToken", "mine"),
        ("cluster", "elsewhere"),
        ("taskdefinition", "report"),
        ("taskDefinition", "other"),
        ("overrides", {"containerOverrides": [{"name": "main", "command": ["x" * 8192]}]}),
    ],
)
def test_start_run_refuses_before_it_writes(cloud: Cloud, name: str, value: Any) -> None:
    request = sample("start_run/airflow_ecs")
    request["run_task"][name] = value
    with pytest.raises(ContractError, match=rf"run_task\.{name}"):
        call("start_run", request)
    assert cloud.runs.get(new_run().run_id) is None
    assert cloud.messages("launch") == []


def test_start_run_names_secrets_and_never_shows_them(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    request = sample("start_run/airflow_ecs")
    [container] = request["run_task"]["overrides"]["containerOverrides"]
    container["environment"] = [{"name": "DB_PASSWORD", "value": "hunter2"}]
    answer = call("start_run", request)
    [warning] = answer["warnings"]
    assert "DB_PASSWORD" in warning
    assert "hunter2" not in json.dumps(answer) + capsys.readouterr().out


def test_start_run_keeps_large_environments_in_s3(cloud: Cloud) -> None:
    cloud.s3.create_bucket(Bucket="environments")
    request = sample("start_run/airflow_ecs") | {"offload_environment": True}
    [container] = request["run_task"]["overrides"]["containerOverrides"]
    container["environment"] = [{"name": "LARGE", "value": "x" * 9000}]
    answer = call("start_run", request)
    [item] = cloud.s3.list_objects_v2(Bucket="environments")["Contents"]
    assert item["Key"].startswith(f"jetbridge/{answer['run_id']}/")
    row = cloud.runs.get(answer["run_id"])
    assert row is not None
    [container] = row.request.parameters["overrides"]["containerOverrides"]
    assert container["environment"] == [
        {"name": "JETBRIDGE_ENVIRONMENT_S3", "value": f"s3://environments/{item['Key']}"}
    ]


def test_launch_run(cloud: Cloud) -> None:
    cloud.runs.create(new_run())
    assert call("launch_run", sample("launch_run/message")) == ALL_GOOD
    row = cloud.runs.get(new_run().run_id)
    assert row is not None
    assert (row.status, row.backend_id) == (Status.LAUNCHED, "ecs-0")
    told = cloud.outcomes.standing(row.run_id)
    assert isinstance(told, Launched)
    assert (told.backend_id, told.region) == ("ecs-0", "eu-central-1")
    assert told.launched_at == row.launched_at


def test_launch_run_returns_a_message_whose_record_it_could_not_write(cloud: Cloud) -> None:
    cloud.runs.create(new_run())
    boto3.client("dynamodb").delete_table(TableName="OutcomesTable")
    message = sample("launch_run/message")
    [record] = message["Records"]
    failed = {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert call("launch_run", message) == failed
    create_table(boto3.client("dynamodb"), "OutcomesTable")
    assert call("launch_run", message) == ALL_GOOD
    assert isinstance(cloud.outcomes.standing(new_run().run_id), Launched)
    assert len(cloud.ecs.launched) == 1


def test_launch_run_sends_a_throttled_launch_again(cloud: Cloud) -> None:
    cloud.runs.create(new_run())
    cloud.ecs.errors["launch"] = [Throttled("Rate exceeded")]
    url = ENVIRONMENT["JETBRIDGE_LAUNCH_QUEUE_URL"]
    assert call("launch_run", sample("launch_run/message")) == ALL_GOOD
    assert cloud.messages("launch") == [], "it must stay away for a while"
    counted = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessagesDelayed"] == "1"


def test_track_run(cloud: Cloud) -> None:
    for name in ("airflow_ecs", "airflow_batch"):
        run = launched_run(name)
        cloud.runs.create(run)
    assert call("track_run", sample("track_run/messages")) == ALL_GOOD
    ids = {launched_run(name).run_id for name in ("airflow_ecs", "airflow_batch")}
    assert {message["run_id"] for message in cloud.messages("finish")} == ids
    rows = [cloud.runs.get(run_id) for run_id in ids]
    assert [row and row.status for row in rows] == [Status.ENDED] * 2


def test_track_run_tells_that_a_task_runs(cloud: Cloud) -> None:
    run = launched_run()
    cloud.runs.create(run)
    message = sample("track_run/messages")
    del message["Records"][1:]
    message["Records"][0]["body"] = json.dumps(event("ecs_running"))
    assert call("track_run", message) == ALL_GOOD
    told = cloud.outcomes.standing(run.run_id)
    assert isinstance(told, Launched)
    assert told.started_at == "2026-03-01T00:00:29.114Z"


def test_finish_run(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    run = ended_run("ecs_stopped_exit_0")
    cloud.runs.create(run)
    stream = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
    cloud.log("/ecs/report", stream, "secret of the container", "::jetbridge:result:: 7")
    assert call("finish_run", sample("finish_run/message")) == ALL_GOOD
    outcome = cloud.outcomes.get(run.run_id)
    assert isinstance(outcome, Outcome)
    assert (outcome.state.value, outcome.result) == ("succeeded", 7)
    assert cloud.messages("logs") == [{"run_id": run.run_id}]
    assert list(cloud.runs.due(1e12)) == []
    printed = capsys.readouterr().out
    assert "RunsSucceeded" in printed
    assert "secret of the container" not in printed


@pytest.mark.parametrize(("seconds_ago", "sealed"), [(1, False), (44, False), (46, True)])
def test_finish_run_seals_what_it_cannot_read_in_time(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, seconds_ago: int, sealed: bool
) -> None:
    def throttled(*args: Any) -> Any:
        raise Busy("Rate exceeded")

    monkeypatch.setattr("jetbridge.logs.cloudwatch.CloudWatchLogs.tail", throttled)
    run = ended_run("ecs_stopped_exit_0")
    cloud.runs.create(run)
    message = sample("finish_run/message")
    [record] = message["Records"]
    received = str(int((time.time() - seconds_ago) * 1000))
    record["attributes"] |= {
        "SentTimestamp": received,
        "ApproximateFirstReceiveTimestamp": received,
    }
    monkeypatch.setattr("jetbridge.queues.sqs.SqsQueue.return_later", lambda *args: None)
    answer = call("finish_run", message)
    assert (answer == ALL_GOOD) is sealed
    outcome = cloud.outcomes.get(run.run_id)
    assert (outcome is not None) is sealed
    if sealed:
        assert isinstance(outcome, Outcome)
        assert "Rate exceeded" in outcome.advice


def test_finish_run_takes_turns_from_the_allowance_that_copy_logs_has(cloud: Cloud) -> None:
    cloud.runs.create(ended_run("ecs_stopped_exit_0"))
    assert call("finish_run", sample("finish_run/message")) == ALL_GOOD
    answer = boto3.client("dynamodb").get_item(
        TableName="RunsTable", Key={"run_id": {"S": f"pace#logs#{REGION}"}}
    )
    assert "next_turn" in answer["Item"]


def test_a_read_that_hangs_is_over_soon_and_not_repeated() -> None:
    hasty = clients.client("logs", REGION, repeats=False, timeout_seconds=TIMEOUT_SECONDS)
    config: Any = hasty.meta.config
    assert (config.connect_timeout, config.read_timeout) == (TIMEOUT_SECONDS, TIMEOUT_SECONDS)
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout + TURN_SECONDS < RESERVE_SECONDS / 2


Said = Callable[[], str]
RESUMED = Reply(200, {"status": "resumed"})


@pytest.fixture
def airflow(cloud: Cloud) -> Iterator[AirflowServer]:
    """An Airflow whose account is in the stack's secret, and a run whose outcome it waits for."""
    notify_airflow.airflows.cache_clear()
    notify_airflow.breaker.cache_clear()
    run = ended_run("ecs_stopped_exit_0")
    cloud.runs.create(replace(run, request=replace(run.request, finish="push")))
    cloud.outcomes.seal(outcome_of(run, last_lines=["secret of the container"]))
    with AirflowServer().serving() as server:
        # moto's ARNs end in letters of its own choice: the name does as well.
        cloud.secrets.create_secret(Name=ENVIRONMENT[SECRET], SecretString=server.secret())
        yield server


SECRET = "JETBRIDGE_AIRFLOW_SECRET_ARN"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Said:
    """All that a function has printed and logged so far, with every field and traceback."""
    # The stack sets no level for other libraries' loggers; urllib3 would say the most.
    caplog.set_level("INFO")
    caplog.set_level("DEBUG", logger="urllib3")

    def read() -> str:
        fields = [str(vars(record)) for record in caplog.records]
        return "\n".join([capsys.readouterr().out, caplog.text, *fields])

    return read


def test_notify_airflow(airflow: AirflowServer, said: Said) -> None:
    airflow.replies = [RESUMED]
    assert call("notify_airflow", sample("notify_airflow/message")) == ALL_GOOD
    assert airflow.requests[-1].body["outcome"]["state"] == "succeeded"
    printed = said()
    assert "resumed" in printed
    assert "NoticesHeard" in printed


def test_notify_airflow_waits_for_an_airflow_that_is_down(
    cloud: Cloud, airflow: AirflowServer, said: Said
) -> None:
    airflow.replies = [Reply(503)]
    assert call("notify_airflow", sample("notify_airflow/message")) == ALL_GOOD
    url = ENVIRONMENT["JETBRIDGE_NOTIFY_QUEUE_URL"]
    counted = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessagesDelayed"] == "1"
    printed = said()
    assert "AirflowUnavailable" in printed
    assert "NotifyWait" in printed


@pytest.mark.parametrize(
    ("status", "failures"),
    [(200, 0), (401, 0), (403, 1), (404, 1), (409, 0), (410, 0), (422, 1), (425, 0), (503, 0)],
)
def test_notify_airflow_logs_nothing_that_is_secret(
    airflow: AirflowServer, said: Said, status: int, failures: int
) -> None:
    airflow.replies = [RESUMED if status == 200 else Reply(status, {"detail": "no"})] * 3
    answer = call("notify_airflow", sample("notify_airflow/message"))
    assert len(answer["batchItemFailures"]) == failures
    printed = said()
    assert "default" in printed
    for secret in (PASSWORD, "eyJ-token", "secret of the container"):
        assert secret not in printed


def test_notify_airflow_says_what_is_wrong_with_the_secret(
    cloud: Cloud, airflow: AirflowServer, said: Said
) -> None:
    text = airflow.secret(pasword=PASSWORD)
    cloud.secrets.put_secret_value(SecretId=ENVIRONMENT[SECRET], SecretString=text)
    answer = call("notify_airflow", sample("notify_airflow/message"))
    assert len(answer["batchItemFailures"]) == 1
    printed = said()
    assert "pasword" in printed
    assert PASSWORD not in printed


def test_copy_logs(cloud: Cloud) -> None:
    run = ended_run("ecs_stopped_exit_0")
    cloud.runs.create(run)
    cloud.log("/ecs/report", "report/main/478f3a4c51824ad23cb50c1c60670c0f", "one", "two")
    assert call("copy_logs", sample("copy_logs/message")) == ALL_GOOD
    assert isinstance(run.request.log_target, S3LogTarget)
    [item] = cloud.s3.list_objects_v2(Bucket="airflow-logs")["Contents"]
    assert item["Key"].startswith(run.request.log_target.key_prefix)
    body = cloud.s3.get_object(Bucket="airflow-logs", Key=item["Key"])["Body"].read()
    assert [json.loads(line)["event"] for line in body.splitlines()] == ["one", "two"]


def test_copy_logs_of_one_part(cloud: Cloud) -> None:
    cloud.log("/ecs/report", "report/main/478f3a4c51824ad23cb50c1c60670c0f", "one", "two")
    assert call("copy_logs", sample("copy_logs/part")) == ALL_GOOD
    [item] = cloud.s3.list_objects_v2(Bucket="airflow-logs")["Contents"]
    assert item["Key"].endswith("attempt=1.log.jetbridge.1.main.1.log")


def test_stop_run_asked_directly(cloud: Cloud) -> None:
    run = launched_run()
    cloud.runs.create(run)
    request = sample("stop_run/request")
    answer = call("stop_run", request)
    assert answer == {
        "stopping": [run.run_id],
        "already_ended": [],
        "unknown": [request["run_ids"][1]],
        "taken_over": [],
        "refused": {},
        "version": 1,
    }
    assert cloud.ecs.stopped == [(run.backend_id, "The DAG run was cleared")]


def test_stop_run_from_its_queue(cloud: Cloud) -> None:
    run = launched_run()
    cloud.runs.create(run)
    assert call("stop_run", sample("stop_run/message")) == ALL_GOOD
    row = cloud.runs.get(run.run_id)
    assert row is not None
    assert row.stop is not None
    assert row.stop.cause is StopCause.TIMEOUT


def test_watch_runs(cloud: Cloud) -> None:
    request = sample("watch_runs/request")
    schedules, persons = request["run_ids"]
    cloud.runs.create(new_run("schedule"))
    told = {"outcomes_table": "OutcomesTable", "stop_function": "jetbridge-stop-run"}
    answer = call("watch_runs", request)
    assert answer == told | {
        "runs": {
            schedules: {
                "status": "accepted",
                "backend": "ecs",
                "caller": sample("start_run/schedule")["caller"],
                "created_at": new_run("schedule").created_at,
            }
        },
        "region": "eu-central-1",
        "version": 1,
    }
    row = cloud.runs.get(schedules)
    assert row is not None
    [watcher] = row.watchers
    assert to_builtins(watcher.caller) == request["caller"] | {"max_tries": None}
    assert cloud.runs.get(persons) is None
    assert call("watch_runs", {}) == answer | {"runs": {}}


def test_watch_runs_takes_no_watcher_without_an_airflow(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JETBRIDGE_AIRFLOW_SECRET_ARN", "")
    parts.settings.cache_clear()
    cloud.runs.create(new_run("schedule"))
    request = sample("watch_runs/request")
    with pytest.raises(ContractError, match="AirflowSecretArn"):
        call("watch_runs", request)
    del request["caller"]
    assert len(call("watch_runs", request)["runs"]) == 1


def test_sweep_runs(cloud: Cloud) -> None:
    run = launched_run(request=replace(new_run().request, timeout_seconds=1))
    cloud.runs.create(run)
    lost = launched_run("airflow_batch")
    cloud.runs.create(lost)
    cloud.runs.look_again(lost.run_id, 1.0)
    assert call("sweep_runs", sample("sweep_runs/schedule")) == {
        "finished": 0,
        "timed_out": 1,
        "relaunched": 0,
        "described": 2,
        "describe_calls": 2,
        "left": 0,
    }
    assert [message["cause"] for message in cloud.messages("stop")] == ["timeout"]
    assert {message["run_id"] for message in cloud.messages("finish")} >= {lost.run_id}


def test_sweep_runs_audits(cloud: Cloud) -> None:
    detail = sample("state_changes/ecs_running")["detail"]
    cloud.ecs.records = {detail["taskArn"]: detail}
    answer = call("sweep_runs", sample("sweep_runs/audit"))
    assert answer == {"living": 1, "adopted": 0, "orphans": 1, "freed": 0, "left": 0}
    [message] = cloud.messages("stop")
    orphaned = sample("stop_run/orphan")
    assert json.loads(orphaned["Records"][0]["body"]) == message
    assert call("stop_run", orphaned) == ALL_GOOD
    assert [stopped for stopped, _ in cloud.ecs.stopped] == [detail["taskArn"]]


def _since(path: str, days: float) -> dict[str, Any]:
    """A sample's message that has waited for this long."""
    message = sample(path)
    [record] = message["Records"]
    began = datetime.now(UTC).timestamp() - days * 24 * 3600
    record["body"] = json.dumps(json.loads(record["body"]) | {"since": began})
    return message


WAITING = {"launch_run/message": "launch", "stop_run/message": "stop", "stop_run/orphan": "stop"}


@pytest.mark.parametrize("path", WAITING)
@pytest.mark.parametrize(("days", "given_up"), [(6.9, False), (7.1, True)])
def test_what_aws_throttles_waits_for_a_week(
    cloud: Cloud, path: str, days: float, given_up: bool
) -> None:
    function, operation = path.split("/", maxsplit=1)[0], WAITING[path]
    asked = replace(new_run().request, timeout_seconds=None)
    make = new_run if operation == "launch" else launched_run
    cloud.runs.create(make(request=asked))
    cloud.ecs.errors[operation] = [Throttled("Rate exceeded")]
    assert call(function, _since(path, days)) == ALL_GOOD
    letters = cloud.dead_letters()
    reasons = [letter["MessageAttributes"]["JETBRIDGE_REASON"]["StringValue"] for letter in letters]
    assert ["7 days" in reason for reason in reasons] == [True] * given_up
    row = cloud.runs.get(new_run().run_id)
    assert row is not None
    assert (row.status is Status.ENDED) is (given_up and operation == "launch")


@pytest.mark.parametrize("path", WAITING)
def test_what_has_waited_is_done_in_the_end(cloud: Cloud, path: str) -> None:
    function, operation = path.split("/", maxsplit=1)[0], WAITING[path]
    cloud.runs.create(new_run() if operation == "launch" else launched_run())
    assert call(function, _since(path, 6)) == ALL_GOOD
    assert len(cloud.ecs.launched if operation == "launch" else cloud.ecs.stopped) == 1


def test_orphans_are_stopped_from_the_queue_alone(cloud: Cloud) -> None:
    message = json.loads(sample("stop_run/orphan")["Records"][0]["body"])
    with pytest.raises(ContractError):
        call("stop_run", message)
    assert cloud.ecs.stopped == []


@pytest.mark.parametrize(
    "path",
    [
        "launch_run/message",
        "track_run/messages",
        "finish_run/message",
        "copy_logs/message",
        "notify_airflow/message",
    ],
)
def test_messages_of_unknown_runs_are_acknowledged(cloud: Cloud, path: str) -> None:
    assert call(path.split("/", maxsplit=1)[0], sample(path)) == ALL_GOOD
    assert [cloud.messages(queue) for queue in QUEUES] == [[]] * 5


@pytest.mark.parametrize(
    "path",
    [
        "launch_run/message",
        "finish_run/message",
        "copy_logs/message",
        "stop_run/message",
        "notify_airflow/message",
    ],
)
def test_message_without_a_run_id_is_given_up_with_the_reason(cloud: Cloud, path: str) -> None:
    event = sample(path)
    event["Records"][0]["body"] = "{}"
    assert call(path.split("/", maxsplit=1)[0], event) == ALL_GOOD
    [letter] = cloud.dead_letters()
    assert letter["Body"] == "{}"
    assert letter["MessageAttributes"]["JETBRIDGE_REASON"]["StringValue"]


def test_stop_run_refuses_a_malformed_request(cloud: Cloud) -> None:
    with pytest.raises(ContractError, match="reason"):
        call("stop_run", {"run_ids": ["r"]})


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_unreachable_tables_fail_the_messages(cloud: Cloud) -> None:
    boto3.client("dynamodb").delete_table(TableName="RunsTable")
    event = sample("track_run/messages")
    assert len(call("track_run", event)["batchItemFailures"]) == 2
    with pytest.raises(ClientError):
        call("start_run", sample("start_run/airflow_ecs"))


def test_start_samples_are_start_requests() -> None:
    for name in ("airflow_ecs", "airflow_batch", "schedule", "event", "person"):
        assert decode(StartRequest, sample(f"start_run/{name}")).key
