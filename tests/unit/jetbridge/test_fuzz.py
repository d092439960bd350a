"""Every function, given its samples of events/ with changes: it refuses or it works.

No exception but a refusal, no half-written row, no row that can't be read, and nothing done to
others. ``JETBRIDGE_FUZZ`` says how many inputs each function is given: 25 in a push, 500 in a
night.
"""

import base64
import gzip
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from jetbridge_testing.backends import FakeBatch, FakeEcs
from jetbridge_testing.clock import Clock
from jetbridge_testing.cloud import FUNCTIONS, Cloud, handler_of
from jetbridge_testing.environment import ENVIRONMENT, Context
from jetbridge_testing.mutations import BODIES, mutated, mutated_batch
from jetbridge_testing.notices import outcome_of
from jetbridge_testing.samples import (
    STATE_CHANGES,
    ended_run,
    event,
    launched_run,
    new_run,
    sample,
)
from moto.dynamodb.models import dynamodb_backends

from jetbridge.aws import clients
from jetbridge.contract import ContractError, Launched, Outcome, decode, run_id_of
from jetbridge.notify.airflow_port import Refused
from jetbridge.runs.item import from_item
from jetbridge.runs.run import Run, Status
from jetbridge.stopping.stop import NotStopped
from jetbridge.wiring import backends, notify_airflow, parts, relay_logs
from jetbridge.wiring.telemetry import logger

INPUTS = int(os.environ.get("JETBRIDGE_FUZZ", "25"))
# AWS's and Airflow's own answers to what they are asked; the message is tried again.
THEIRS = (ClientError, BotoCoreError, Refused, NotStopped)

# What the functions keep from one invocation to the next.
KEPT = (clients.cached_client, parts.settings, notify_airflow.airflows, notify_airflow.breaker)

BYSTANDER = run_id_of("bystander")
Inputs = Callable[[random.Random], Any]


def _bystander() -> Run:
    return launched_run(run_id=BYSTANDER, backend_id="arn:aws:ecs:eu-central-1:1:task/reports/b")


class Scene:
    """The tables and queues, put back after each input."""

    def __init__(self, cloud: Cloud, caught: list[BaseException], *rows: Run) -> None:
        self.cloud, self.caught = cloud, caught
        for row in (_bystander(), *rows):
            assert cloud.runs.create(row)
            cloud.runs.look_again(row.run_id, 1.0)
        self.before = self._tables()

    def seal(self, *rows: Run) -> None:
        for row in rows:
            self.cloud.outcomes.seal(outcome_of(row))
        self.before = self._tables()

    def give(self, handler: Any, given: Any) -> None:
        """Raises AssertionError if more came of it than a refusal."""
        del self.caught[:]
        try:
            json.dumps(handler(given, Context()))
        except ContractError as refusal:
            str(refusal).encode()
        except (ClientError, BotoCoreError, ExceptionGroup) as error:
            self.caught.append(error)
        for each in self.caught:
            assert _is_theirs(each), repr(each)[:2000]
        self._check()
        self._put_back()

    def row(self, run_id: str) -> Run:
        row = self.cloud.runs.get(run_id)
        assert row is not None
        return row

    def _check(self) -> None:
        after = self._tables()
        for item in after["RunsTable"].values():
            if "#" not in item["run_id"]["S"]:
                run = from_item(item)
                assert (run.status is Status.ENDED) == (
                    run.ending is not None or run.attached_to is not None
                )
                assert len(json.dumps(item)) < 300_000
        for item in after["OutcomesTable"].values():
            for name, kind in (("outcome", Outcome), ("launched", Launched)):
                if name in item:
                    decode(kind, item[name]["S"])

    def _tables(self) -> dict[str, dict[str, Any]]:
        return {
            name: {key: _attributes(item) for key, item in table.items.items()}
            for name, table in self._stored()
        }

    def _put_back(self) -> None:
        for name, table in self._stored():
            before = self.before[name]
            for key in [key for key in table.items if key not in before]:
                del table.items[key]
            for key, item in before.items():
                if key not in table.items or _attributes(table.items[key]) != item:
                    table.put_item(deepcopy(item))

    def _stored(self) -> list[tuple[str, Any]]:
        """moto's own tables: a call for each look at them would be most of the test."""
        tables = dynamodb_backends["123456789012"]["eu-central-1"].tables
        return [(name, tables[name]) for name in ("RunsTable", "OutcomesTable")]


def _attributes(item: Any) -> dict[str, Any]:
    found: dict[str, Any] = deepcopy(item.to_json()["Attributes"])
    return found


def _is_theirs(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_theirs(each) for each in error.exceptions)
    return isinstance(error, THEIRS)


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What made messages fail."""
    errors: list[BaseException] = []

    def exception(*args: Any, **kwargs: Any) -> None:
        error = sys.exc_info()[1]
        assert error is not None
        errors.append(error)

    monkeypatch.setattr(logger, "exception", exception)
    return errors


@pytest.fixture
def cloud(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    fast = {"JETBRIDGE_LOG_READS_PER_SECOND": "1000000", "JETBRIDGE_ECS_LAUNCHES_PER_SECOND": "1e6"}
    for name, value in (ENVIRONMENT | fast).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("jetbridge.logs.live.relay.WAITS", ())
    for kept in KEPT:
        kept.cache_clear()
    relay_logs.memory.cache_clear()
    ecs, batch = FakeEcs(Clock()), FakeBatch(Clock())
    monkeypatch.setattr(backends, "EcsBackend", lambda client: ecs)
    monkeypatch.setattr(backends, "BatchBackend", lambda client: batch)
    made = Cloud({"ecs": ecs, "batch": batch})
    made.s3.create_bucket(Bucket="environments")
    airflow = {"default": {"url": "http://127.0.0.1:9", "username": "u", "password": "p"}}
    made.secrets.create_secret(
        Name=ENVIRONMENT["JETBRIDGE_AIRFLOW_SECRET_ARN"], SecretString=json.dumps(airflow)
    )
    made.log("/ecs/report", "report/main/478f3a4c51824ad23cb50c1c60670c0f", "one", "two")
    yield made
    for kept in KEPT:
        kept.cache_clear()


def _of(*paths: str) -> Inputs:
    return lambda chance: mutated(sample(chance.choice(paths)), chance)


def _batches_of(*paths: str) -> Inputs:
    return lambda chance: mutated_batch(sample(chance.choice(paths)), chance)


def _state_changes(chance: random.Random) -> Any:
    batch = sample("track_run/messages")
    for record in batch["Records"]:
        record["body"] = json.dumps(event(chance.choice(STATE_CHANGES)))
    return mutated_batch(batch, chance)


def _stops(chance: random.Random) -> Any:
    if chance.random() < 0.4:
        return mutated(sample("stop_run/request"), chance)
    return mutated_batch(sample(chance.choice(["stop_run/message", "stop_run/orphan"])), chance)


def _deliveries(chance: random.Random) -> Any:
    delivery = sample("relay_logs/lines")
    if chance.random() < 0.1:
        return mutated(delivery, chance)
    content = json.loads(gzip.decompress(base64.b64decode(delivery["awslogs"]["data"])))
    try:
        text = json.dumps(mutated(content, chance))
    except (RecursionError, ValueError):
        text = chance.choice(BODIES)
    packed = gzip.compress(text.encode(), 1)
    if chance.random() < 0.05:
        packed = packed[: chance.randrange(len(packed))]
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}


ENDED = ended_run("ecs_stopped_exit_0")
LAUNCHED = (launched_run(), launched_run("airflow_batch"))
GIVEN: dict[str, tuple[Inputs, tuple[Run, ...]]] = {
    "copy_logs": (_batches_of("copy_logs/message", "copy_logs/part"), (ENDED,)),
    "finish_run": (_batches_of("finish_run/message"), (ENDED,)),
    "launch_run": (_batches_of("launch_run/message"), (new_run(),)),
    "notify_airflow": (_batches_of("notify_airflow/message"), (ENDED,)),
    "relay_logs": (_deliveries, LAUNCHED),
    "start_run": (
        _of(*(f"start_run/{name}" for name in ("airflow_ecs", "airflow_batch", "schedule"))),
        (),
    ),
    "stop_run": (_stops, LAUNCHED),
    "track_run": (_state_changes, LAUNCHED),
    "watch_runs": (_of("watch_runs/request"), (new_run("schedule"),)),
}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.parametrize("function", [each for each in FUNCTIONS if each != "sweep_runs"])
def test_mutated_inputs(function: str, cloud: Cloud, caught: list[BaseException]) -> None:
    inputs, rows = GIVEN[function]
    scene = Scene(cloud, caught, *rows)
    if function == "notify_airflow":
        scene.seal(ENDED)
    handler = handler_of(function)
    for number in range(INPUTS):
        given = inputs(random.Random(f"{function}/{number}"))
        try:
            scene.give(handler, given)
        except BaseException as error:
            error.add_note(f"input {number} of {function}: {given!r}"[:3000])
            raise


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_sweeps_of_mutated_records(cloud: Cloud, caught: list[BaseException]) -> None:
    """Whatever AWS says of one task or job, the other one's change is recorded."""
    scene = Scene(cloud, caught, *LAUNCHED)
    handler = handler_of("sweep_runs")
    for number in range(INPUTS):
        chance = random.Random(f"sweep_runs/{number}")
        bystander = event("ecs_running")["detail"]
        name = bystander["startedBy"].replace(LAUNCHED[0].run_id, BYSTANDER)
        bystander |= {"startedBy": name, "taskArn": _bystander().backend_id}
        task = mutated(
            event(chance.choice(["ecs_running", "ecs_stopped_exit_3"]))["detail"], chance
        )
        job = mutated(event(chance.choice(["batch_running", "batch_succeeded"]))["detail"], chance)
        records = [bystander, task] if chance.random() < 0.5 else [task, bystander]
        _answer(cloud, "ecs", records)
        _answer(cloud, "batch", [job])
        path = chance.choice(["sweep_runs/schedule", "sweep_runs/audit"])
        given = mutated(sample(path), chance) if chance.random() < 0.3 else sample(path)
        try:
            scene.give(handler, given)
        except BaseException as error:
            error.add_note(f"input {number}: {given!r}, {task!r}, {job!r}"[:3000])
            raise


def _answer(cloud: Cloud, kind: str, records: list[Any]) -> None:
    backend: Any = getattr(cloud, kind)
    backend.describe = lambda place, ids: records
    backend.living = lambda place, prefix: iter([records])
