"""copy_logs: every line, with its own time, beside the log of the Airflow try."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import MemoryLogs, MemoryTarget, PagingLogsClient, log_event
from jetbridge_testing.memory import MemoryRuns
from jetbridge_testing.samples import REGION, ended_run
from msgspec.structs import replace

from jetbridge.contract import S3LogTarget
from jetbridge.domain.run import Attachment, Definition, LogSource, Run
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.logs.port import LogsSource, LogsTarget
from jetbridge.logs.s3 import S3Logs
from jetbridge.services.copy import Copy

MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
PROXY = "report/proxy/478f3a4c51824ad23cb50c1c60670c0f"
PREFIX = (
    "airflow/dag_id=daily_report/run_id=scheduled__2026-03-01T00:00:00+00:00/"
    "task_id=report/attempt=1.log"
)


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="airflow-logs")
    return client


def _copy(run: Run, source: LogsSource, target: LogsTarget) -> int:
    clock = Clock()
    runs = MemoryRuns(900, clock)
    runs.create(run)
    return Copy(runs, source, target, REGION, 5, clock)(run.run_id)


def _object(s3: Any, key: str) -> list[dict[str, Any]]:
    body = s3.get_object(Bucket="airflow-logs", Key=key)["Body"].read().decode()
    assert body.endswith("\n")
    return [json.loads(line) for line in body.splitlines()]


def _keys(s3: Any) -> list[str]:
    listed = s3.list_objects_v2(Bucket="airflow-logs")
    return [item["Key"] for item in listed.get("Contents", [])]


def test_lines_arrive_in_s3_with_their_own_times(s3: Any) -> None:
    pages = [[log_event(1_772_323_229_007, "start")], [], [log_event(1_772_323_291_500, "end ä")]]
    clock = Clock()
    client = PagingLogsClient(pages)
    source = CloudWatchLogs(lambda region: client, clock.sleep)
    assert _copy(ended_run("ecs_stopped_exit_0"), source, S3Logs(s3)) == 2
    assert clock.slept == [5], "it must settle as long as the stack says"
    [key] = _keys(s3)
    assert key.startswith(PREFIX), "Airflow's S3 handler lists this prefix"
    assert _object(s3, key) == [
        {
            "timestamp": "2026-03-01T00:00:29.007Z",
            "level": "info",
            "logger": "container.main",
            "event": "start",
        },
        {
            "timestamp": "2026-03-01T00:01:31.500Z",
            "level": "info",
            "logger": "container.main",
            "event": "end ä",
        },
    ]


def test_a_second_copy_writes_the_same_objects(s3: Any) -> None:
    source = MemoryLogs({MAIN: ["a"], PROXY: ["b"]})
    run = ended_run("ecs_two_containers")
    _copy(run, source, S3Logs(s3))
    keys = _keys(s3)
    first = [_object(s3, key) for key in keys]
    _copy(run, source, S3Logs(s3))
    assert _keys(s3) == keys
    assert [_object(s3, key) for key in keys] == first


def test_each_container_and_attempt_has_its_object() -> None:
    target = MemoryTarget()
    _copy(ended_run("ecs_two_containers"), MemoryLogs({MAIN: ["a"], PROXY: ["b"]}), target)
    assert [key.removeprefix(PREFIX) for key in target.objects] == [
        ".jetbridge.1.main.1.log",
        ".jetbridge.1.proxy.1.log",
    ]
    run = ended_run("batch_failed_two_attempts")
    assert run.ending is not None
    streams = {log.name: [log.name] for log in run.ending.log_names}
    target = MemoryTarget()
    assert _copy(run, MemoryLogs(streams), target) == 2
    assert [key.rpartition("/")[2] for key in target.objects] == [
        "attempt=1.log.jetbridge.1.default.1.log",
        "attempt=1.log.jetbridge.1.default.2.log",
    ]


def test_missing_stream_is_said_in_the_log() -> None:
    target = MemoryTarget()
    _copy(ended_run("ecs_stopped_exit_0"), MemoryLogs({}), target)
    [[line]] = target.objects.values()
    assert json.loads(line)["logger"] == "jetbridge"
    assert MAIN in json.loads(line)["event"]
    assert "/ecs/report" in json.loads(line)["event"]


def test_other_log_driver_is_said_in_the_log() -> None:
    source = LogSource(container="main", driver="awsfirelens")
    run = ended_run("ecs_stopped_exit_0", definition=Definition(arn="a", log_sources=[source]))
    target = MemoryTarget()
    assert _copy(run, MemoryLogs({}), target) == 0
    [[line]] = target.objects.values()
    assert "awsfirelens" in json.loads(line)["event"]


@pytest.mark.parametrize("run_id", ["unknown", None])
def test_nothing_to_copy(run_id: str | None) -> None:
    run = ended_run("ecs_stopped_exit_0")
    run = replace(run, request=replace(run.request, log_target=None))
    runs = MemoryRuns(900, Clock())
    runs.create(run)
    target = MemoryTarget()
    copied = Copy(runs, MemoryLogs({MAIN: ["a"]}), target, REGION, 5)(run_id or run.run_id)
    assert (copied, target.objects) == (0, {})


def test_long_logs_are_spooled_not_held(s3: Any) -> None:
    """Twenty megabytes of lines; none of the parts may be lost or doubled."""

    def lines() -> Iterator[str]:
        for number in range(20_000):
            yield f"{number:08}" + "x" * 1000

    target = S3LogTarget("airflow-logs", "k")
    assert S3Logs(s3).write(target, "big.log", lines()) == 20_000
    body = s3.get_object(Bucket="airflow-logs", Key="k.big.log")["Body"].read()
    assert [int(line[:8]) for line in body.splitlines()] == list(range(20_000))


def test_failed_read_leaves_no_object(s3: Any) -> None:
    def lines() -> Iterator[str]:
        yield "a"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        S3Logs(s3).write(S3LogTarget("airflow-logs", "k"), "x", lines())
    assert _keys(s3) == []


def test_a_run_that_was_taken_over_is_copied_to_both_tries() -> None:
    later = S3LogTarget(bucket="airflow-logs", key_prefix=PREFIX.replace("=1.log", "=2.log"))
    run = ended_run("ecs_stopped_exit_0")
    run = replace(run, attachments=[Attachment(caller=run.request.caller, log_target=later)])
    target = MemoryTarget()
    assert _copy(run, MemoryLogs({MAIN: ["a", "b"]}), target) == 4
    first, second = sorted(target.objects)
    assert (first.startswith(PREFIX), second.startswith(later.key_prefix)) == (True, True)
    assert target.objects[first] == target.objects[second]
