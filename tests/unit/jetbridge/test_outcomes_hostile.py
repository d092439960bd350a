"""Sealed outcomes that an earlier version or somebody else wrote: none holds up its run."""

import json
from typing import Any

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import MemoryLogs
from jetbridge_testing.memory import MemoryBus, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import REGION, ended_run, request
from jetbridge_testing.tables import create_table
from msgspec.structs import replace

from jetbridge.contract import Cause, Fault, Launched, Outcome, State, encode, read_record
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.outcomes.finish import Finish

MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
OUTCOME = Outcome(
    run_id="r",
    state=State.SUCCEEDED,
    cause=Cause.COMPLETED,
    fault=Fault.NOBODY,
    reason="Essential container in task exited",
    advice="",
    caller=request("airflow_ecs").caller,
    backend="ecs",
    region="eu-central-1",
    finished_at=1_772_323_400.125,
)
UNREADABLE = ["", "{", "[]", "{}", "[" * 100_000, '{"run_id": 7}']


class Table:
    def __init__(self, dynamodb: Any) -> None:
        self.client, self.name = dynamodb, create_table(dynamodb, "OutcomesTable")
        self.outcomes = DynamoOutcomes(dynamodb, self.name)

    def put(self, run_id: str, outcome: dict[str, Any]) -> None:
        item = {"run_id": {"S": run_id}, "outcome": outcome}
        self.client.put_item(TableName=self.name, Item=item)

    def text(self, run_id: str) -> str:
        answer = self.client.get_item(TableName=self.name, Key={"run_id": {"S": run_id}})
        text: str = answer["Item"]["outcome"]["S"]
        return text


@pytest.fixture
def table(dynamodb: Any) -> Table:
    return Table(dynamodb)


def with_result(text: str) -> str:
    return f'{encode(OUTCOME)[:-1]},"result":{text}}}'


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (str(2**64), str(2**64)),
        (r'"\ud800"', "�"),
        ("[NaN]", ["NaN"]),
        ("[" * 900 + "]" * 900, "[" * 900 + "]" * 900),
        ('{"__classname__":1}', '{"__classname__": 1}'),
    ],
)
def test_what_an_earlier_version_sealed_is_read_as_airflow_can_carry_it(
    table: Table, text: str, result: object
) -> None:
    table.put("r", {"S": with_result(text)})
    found = table.outcomes.get("r")
    assert found is not None
    assert found.result == result
    assert "Airflow can't carry" in found.advice
    assert table.outcomes.seal(OUTCOME) == found
    assert table.text("r") == with_result(text)


@pytest.mark.parametrize("text", UNREADABLE)
def test_one_that_nobody_can_read_is_reported_and_gives_way(
    table: Table, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    table.put("r", {"S": text})
    assert table.outcomes.get("r") is None
    assert "outcome of run r can't be read" in caplog.text
    assert table.outcomes.seal(OUTCOME) == OUTCOME
    assert table.text("r") == encode(OUTCOME)


def test_one_of_another_type_gives_way(table: Table) -> None:
    table.put("r", {"N": "7"})
    assert table.outcomes.get("r") is None
    assert table.outcomes.seal(OUTCOME) == OUTCOME


def test_one_that_becomes_readable_meanwhile_stays(table: Table) -> None:
    other = replace(OUTCOME, state=State.FAILED)
    table.put("r", {"S": "{"})
    get = table.outcomes.get

    def repaired(run_id: str) -> Outcome | None:
        found = get(run_id)
        table.put(run_id, {"S": encode(other)})
        return found

    table.outcomes.get = repaired  # type: ignore[method-assign]
    assert table.outcomes.seal(OUTCOME) == other
    assert table.text("r") == encode(other)


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_run_with_an_unreadable_outcome_is_finished_and_announced(
    table: Table, text: str
) -> None:
    run = ended_run("ecs_stopped_exit_0")
    table.put(run.run_id, {"S": text})
    runs, bus = MemoryRuns(900, Clock(1_772_323_330.5)), MemoryBus()
    runs.create(run)
    queues = MemoryQueue(), MemoryQueue()
    logs = MemoryLogs({MAIN: ["done"]})
    finish = Finish(runs, table.outcomes, logs, *queues, bus, REGION, 0)
    outcome = finish(run.run_id)
    assert outcome is not None
    assert bus.announced == [outcome]
    row = runs.get(run.run_id)
    assert row is not None
    assert row.finished
    assert json.loads(table.text(run.run_id))["state"] == "succeeded"


def test_a_launched_record_is_written_as_text_that_can_be_carried(table: Table) -> None:
    record = Launched(
        run_id="r", backend="ecs", region="r", backend_id="half \ud83d \0", launched_at=1.0
    )
    table.outcomes.put_launched(record, 1)
    item = table.client.get_item(TableName=table.name, Key={"run_id": {"S": "r"}})["Item"]
    assert read_record(item["launched"]["S"])["backend_id"] == "half � �"
