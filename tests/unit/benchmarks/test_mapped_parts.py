"""The mapped benchmark's gate, slow way to S3, look at triggerers and count of calls."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from http_server import HttpServer, Reply

from benchmarks.mapped.calls import AirflowCalls
from benchmarks.mapped.database import Database
from benchmarks.mapped.gate import Gate
from benchmarks.mapped.s3 import SlowWay
from benchmarks.mapped.site import tasks_asked_for
from benchmarks.mapped.triggerers import Watch

SECONDS = 0.1


@pytest.fixture
def store() -> Iterator[str]:
    """Takes objects and says how large they are."""
    with HttpServer(lambda asked: Reply(content="content" if asked.method == "GET" else "")) as it:
        yield it.url


def test_each_request_takes_longer_also_on_one_connection(store: str) -> None:
    with SlowWay(store, SECONDS) as way, httpx.Client(trust_env=False) as client:
        for _ in range(3):
            began = time.monotonic()
            assert client.get(f"{way.url}/bucket/key").text == "content"
            assert time.monotonic() - began >= SECONDS
        assert way.requests == 3


def test_an_upload_is_one_request_however_large_it_is(store: str) -> None:
    with SlowWay(store, SECONDS) as way:
        make: Any = boto3.client
        s3 = make(
            "s3",
            endpoint_url=way.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}),
        )
        s3.put_object(Bucket="logs", Key="key", Body=b"GET no HTTP/1.0\n" * 100_000)
        assert way.requests == 1


def test_a_server_that_is_not_there_is_an_error_and_not_a_wait() -> None:
    with SlowWay("http://127.0.0.1:9", SECONDS) as way, pytest.raises(httpx.TransportError):
        httpx.get(way.url, trust_env=False, timeout=60)


def test_all_wait_at_the_gate_and_nobody_does_afterwards(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    gate.close()
    command = ["sh", "-c", ': < "$0"', str(gate.path)]
    waiting = [subprocess.Popen(command) for _ in range(20)]
    time.sleep(0.5)
    assert [each.poll() for each in waiting] == [None] * 20
    gate.open()
    assert [each.wait(timeout=60) for each in waiting] == [0] * 20
    assert subprocess.run(command, timeout=60, check=True).returncode == 0
    gate.open()


def test_a_gap_is_between_two_beats_or_since_the_last() -> None:
    watch = Watch(Database("postgresql://nowhere"))
    watch.note({1: 100.0, 2: 100.0}, [("a", 1), ("b", 2)], now=100.5)
    watch.note({1: 102.0, 2: 100.0}, [("a", 1), ("b", 2)], now=102.5)
    watch.note({1: 109.0, 2: 100.0}, [("a", 1)], now=109.5)
    assert watch.longest_gaps() == [7.0, 9.5]
    assert (watch.failovers(), watch.claimed_twice(), watch.shares()) == (0, 0, [1, 1])


def test_a_silent_triggerers_trigger_is_taken_over() -> None:
    watch = Watch(Database("postgresql://nowhere"))
    watch.note({1: 100.0, 2: 100.0}, [("a", 1), ("b", 1)], now=100.5)
    watch.note({1: 100.0, 2: 131.0}, [("a", 2), ("b", 1)], now=131.5)
    assert (watch.failovers(), watch.claimed_twice(), watch.shares()) == (1, 0, [2, 1])


def test_a_triggerer_that_comes_back_was_silent_when_it_lost_its_trigger() -> None:
    watch = Watch(Database("postgresql://nowhere"))
    watch.note({1: 100.0, 2: 130.0}, [("a", 1)], now=130.0)
    watch.note({1: 130.4, 2: 130.0}, [("a", 2)], now=130.5)
    assert (watch.failovers(), watch.claimed_twice()) == (1, 0)


def test_a_trigger_that_two_living_triggerers_took_is_no_failover() -> None:
    watch = Watch(Database("postgresql://nowhere"))
    watch.note({1: 100.0, 2: 100.0}, [("a", 1)], now=100.5)
    watch.note({1: 101.0, 2: 101.0}, [("a", 2)], now=101.5)
    watch.note({1: 102.0, 2: 102.0}, [("a", 2)], now=102.5)
    assert (watch.failovers(), watch.claimed_twice(), watch.shares()) == (0, 1, [1, 1])


def test_what_was_seen_before_the_measurement_is_forgotten() -> None:
    watch = Watch(Database("postgresql://nowhere"))
    watch.note({1: 100.0, 2: 100.0}, [("a", 1)], now=190.0)
    watch.forget()
    watch.note({1: 190.0, 2: 191.0}, [("b", 2)], now=192.0)
    watch.note({1: 192.0, 2: 193.0}, [("b", 2)], now=193.5)
    assert (watch.longest_gaps(), watch.shares()) == ([2.0, 2.0], [0, 1])


class Record:
    """A cloud's calls."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []

    def calls(self, since: float) -> list[dict[str, Any]]:
        return [call for call in self.made if call["time"] >= since]

    def add(
        self, at: float, service: str, operation: str, key: str = "airflow", **more: Any
    ) -> None:
        self.made.append(
            {
                "time": at,
                "service": service,
                "operation": operation,
                "access_key": key,
                "status": more.pop("status", 200),
                "identifiers": more,
            }
        )


def test_airflows_calls_are_counted_once_however_often_they_are_gathered() -> None:
    record, now = Record(), time.time()
    calls: Any = AirflowCalls(record)  # type: ignore[arg-type]
    record.add(now + 1, "dynamodb", "Query")
    record.add(now + 2, "dynamodb", "Query")
    record.add(now + 3, "dynamodb", "UpdateItem", key="function")
    record.add(now + 4, "ecs", "DescribeTasks", status=400)
    calls.gather(now=True)
    calls.gather(now=True)
    assert calls.by_operation() == {"dynamodb:Query": 2, "ecs:DescribeTasks": 1}
    assert calls.by_operation(now + 2, now + 4) == {"dynamodb:Query": 1}
    assert (calls.throttled(), calls.throttled(now + 5)) == (1, 0)
    assert calls.stops("jetbridge-stop-run") == 0


def test_a_stop_is_seen_whoever_asks_for_it() -> None:
    record, now = Record(), time.time()
    calls: Any = AirflowCalls(record)  # type: ignore[arg-type]
    record.add(now + 1, "ecs", "StopTask", key="function", task="arn")
    record.add(now + 2, "lambda", "Invoke", FunctionName="jetbridge-stop-run")
    record.add(now + 3, "lambda", "Invoke", FunctionName="jetbridge-start-run")
    calls.gather(now=True)
    assert calls.stops("jetbridge-stop-run") == 2
    assert calls.stops("jetbridge-stop-run", now + 2) == 1


def test_a_trial_takes_fewer_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKS", "50")
    assert tasks_asked_for(1000) == 50
    monkeypatch.delenv("TASKS")
    assert tasks_asked_for(1000) == 1000
