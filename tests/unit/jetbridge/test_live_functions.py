"""The functions of live logs together on moto: whose a stream is, its lines, the end."""

import base64
import gzip
import importlib.util
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from jetbridge_testing.environment import ENVIRONMENT, Context, create_queues
from jetbridge_testing.samples import change, event, launched_run, sample
from jetbridge_testing.tables import create_table
from jetbridge_testing.template import ROOT

from jetbridge.aws import clients
from jetbridge.contract import S3LogTarget
from jetbridge.logs.live.dynamodb import DynamoLive
from jetbridge.logs.live.streams import LiveStream
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.run import Run
from jetbridge.wiring import parts, relay_logs

STREAM = "report/main/478f3a4c51824ad23cb50c1c60670c0f"


@pytest.fixture
def runs(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoRuns]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    caches = (clients.cached_client, parts.settings, relay_logs.memory)
    for cached in caches:
        cached.cache_clear()
    create_queues(boto3.client("sqs"))
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="airflow-logs")
    dynamodb = boto3.client("dynamodb")
    create_table(dynamodb, "OutcomesTable")
    yield DynamoRuns(dynamodb, create_table(dynamodb, "RunsTable"), 900)
    for cached in caches:
        cached.cache_clear()


def _call(function: str, given: dict[str, Any]) -> Any:
    path = ROOT / "functions" / function / "app.py"
    spec = importlib.util.spec_from_file_location(f"live_{function}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler(given, Context())


def _run(runs: DynamoRuns, name: str) -> Run:
    run = launched_run(name)
    runs.create(run)
    return run


def _objects() -> dict[str, list[dict[str, Any]]]:
    """Airflow's log bucket: lines by key."""
    s3 = boto3.client("s3")
    found = {}
    for item in s3.list_objects_v2(Bucket="airflow-logs").get("Contents", []):
        body = s3.get_object(Bucket="airflow-logs", Key=item["Key"])["Body"].read()
        found[item["Key"]] = [json.loads(line) for line in body.splitlines()]
    return found


def _print(*lines: str) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/ecs/report")
    logs.create_log_stream(logGroupName="/ecs/report", logStreamName=STREAM)
    now = int(datetime.now(UTC).timestamp() * 1000)
    events: Any = [{"timestamp": now, "message": line} for line in lines]
    logs.put_log_events(logGroupName="/ecs/report", logStreamName=STREAM, logEvents=events)


def _known(group: str, stream: str) -> LiveStream | None:
    return DynamoLive(boto3.client("dynamodb"), "RunsTable").find(group, stream)


def test_lines_are_shown_until_copy_logs_has_them_all(runs: DynamoRuns) -> None:
    run = _run(runs, "airflow_ecs")
    assert isinstance(run.request.log_target, S3LogTarget)
    _call("launch_run", sample("launch_run/message"))
    assert _call("relay_logs", sample("relay_logs/lines")) is None
    [(key, lines)] = _objects().items()
    assert key == f"{run.request.log_target.key_prefix}.jetbridge.live.00.log"
    assert [(line["level"], line["event"]) for line in lines] == [
        ("info", "Reading the report's rows"),
        ("warning", "2 rows have no date"),
    ]
    _print("one", "two")
    assert runs.apply(change("ecs_stopped_exit_0")).changed
    proxy = "report/proxy/478f3a4c51824ad23cb50c1c60670c0f"
    assert _known("/ecs/report", proxy) is not None
    _call("copy_logs", sample("copy_logs/message"))
    assert not [key for key in _objects() if "jetbridge.live" in key]
    shown = [line["event"] for lines in _objects().values() for line in lines]
    assert shown[:2] == ["one", "two"]
    assert _call("relay_logs", sample("relay_logs/lines")) is None
    assert not [key for key in _objects() if "jetbridge.live" in key]


def test_pieces_stay_until_the_last_part_is_copied(runs: DynamoRuns) -> None:
    _run(runs, "airflow_ecs")
    _call("launch_run", sample("launch_run/message"))
    _call("relay_logs", sample("relay_logs/lines"))
    _print("one")
    logs = boto3.client("logs")
    logs.create_log_stream(
        logGroupName="/ecs/report", logStreamName=STREAM.replace("/main/", "/proxy/")
    )
    assert runs.apply(change("ecs_two_containers")).changed
    _call("copy_logs", sample("copy_logs/message"))
    assert [key for key in _objects() if "jetbridge.live" in key]
    sqs, url = boto3.client("sqs"), ENVIRONMENT["JETBRIDGE_LOGS_QUEUE_URL"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    again = sample("copy_logs/message")
    again["Records"][0]["body"] = message["Body"]
    for _ in range(2):
        _call("copy_logs", again)
        names = sorted(key.rpartition(".log.")[2] for key in _objects())
        assert names == ["jetbridge.1.main.1.log", "jetbridge.1.proxy.1.log"]


def test_track_run_says_whose_a_jobs_stream_is(runs: DynamoRuns) -> None:
    run = _run(runs, "airflow_batch")
    message = sample("track_run/messages")
    del message["Records"][1:]
    message["Records"][0]["body"] = json.dumps(event("batch_running"))
    assert _call("track_run", message) == {"batchItemFailures": []}
    stream = "load/default/2034bfc90e38f97eb976d5d7cf0d0c74"
    owner = LiveStream(run_id=run.run_id, launch=1, container="default")
    assert _known("/aws/batch/job", stream) == owner


def test_a_stack_without_live_logs_writes_nothing_more(
    runs: DynamoRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JETBRIDGE_LIVE_LOG_GROUPS", "")
    _run(runs, "airflow_ecs")
    _call("launch_run", sample("launch_run/message"))
    items = boto3.client("dynamodb").scan(TableName="RunsTable")["Items"]
    assert len([item for item in items if "#" in item["run_id"]["S"]]) == 0


def test_other_streams_and_control_messages_are_ignored(
    runs: DynamoRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jetbridge.logs.live.relay.WAITS", ())
    assert _call("relay_logs", sample("relay_logs/lines")) is None
    message = {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": 1772323229007, "message": "CWL CONTROL MESSAGE"}],
    }
    data = base64.b64encode(gzip.compress(json.dumps(message).encode())).decode()
    assert _call("relay_logs", {"awslogs": {"data": data}}) is None
    assert _objects() == {}
