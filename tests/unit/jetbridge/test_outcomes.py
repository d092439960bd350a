"""The outcomes table: sealed once, in memory and on DynamoDB; what was launched until then."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import MemoryOutcomes
from jetbridge_testing.outcomes import OutcomesItems, ReadDynamoOutcomes
from jetbridge_testing.samples import request
from jetbridge_testing.tables import create_table, fresh_table
from msgspec.structs import replace

from jetbridge.contract import Cause, Fault, Launched, Outcome, State
from jetbridge.outcomes.dynamodb import FEED, FEED_INDEX, DynamoOutcomes
from jetbridge.outcomes.port import Outcomes

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
    exit_codes={"main": 0},
    last_lines=["done"],
    result={"rows": 7},
)


RECORD = Launched(
    run_id="r",
    backend="ecs",
    region="eu-central-1",
    backend_id="arn:aws:ecs:eu-central-1:123456789012:task/reports/478f3a4c51824ad23cb50c1c60670c0f",
    launched_at=1_772_323_201.5,
    cluster="reports",
)
RUNS = replace(RECORD, started_at="2026-03-01T00:00:29.114Z")
SECOND = replace(RECORD, launch=2, backend_id="second")


def test_sealed_once(outcomes: Outcomes) -> None:
    assert outcomes.get("r") is None
    assert outcomes.seal(OUTCOME) == OUTCOME
    assert outcomes.seal(replace(OUTCOME, state=State.FAILED)) == OUTCOME
    assert outcomes.get("r") == OUTCOME


def test_each_run_has_its_own(outcomes: Outcomes) -> None:
    other = replace(OUTCOME, run_id="s", state=State.FAILED)
    outcomes.seal(OUTCOME)
    assert outcomes.seal(other) == other
    assert outcomes.get("r") == OUTCOME


def test_a_launched_record_is_no_outcome(outcomes: OutcomesItems) -> None:
    outcomes.put_launched(RECORD, -1)
    assert outcomes.get("r") is None
    assert outcomes.standing("r") == RECORD


def test_the_outcome_takes_the_records_place_for_good(outcomes: OutcomesItems) -> None:
    outcomes.put_launched(RUNS, 4)
    assert outcomes.seal(OUTCOME) == OUTCOME
    outcomes.put_launched(replace(SECOND, launch=9), 99)
    assert outcomes.seal(replace(OUTCOME, state=State.FAILED)) == OUTCOME
    assert outcomes.standing("r") == OUTCOME


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        ((RECORD, -1), (RUNS, 4), RUNS),
        ((RUNS, 4), (RECORD, -1), RUNS),
        ((RECORD, -1), (replace(RECORD, launched_at=9.5), -1), RECORD),
        ((RUNS, 4), (replace(RUNS, started_at="later"), 5), replace(RUNS, started_at="later")),
        ((RUNS, 4), (replace(RUNS, started_at="other"), 4), RUNS),
        ((RUNS, 4), (SECOND, -1), SECOND),
        ((SECOND, -1), (RUNS, 4), SECOND),
    ],
    ids=[
        "it starts",
        "launched comes late",
        "launched again",
        "a second attempt",
        "started again",
        "relaunched",
        "an earlier launch",
    ],
)
def test_the_newest_record_stands(
    outcomes: OutcomesItems,
    first: tuple[Launched, int],
    second: tuple[Launched, int],
    stands: Launched,
) -> None:
    outcomes.put_launched(*first)
    outcomes.put_launched(*second)
    assert outcomes.standing("r") == stands


_WRITES = st.lists(st.one_of(st.none(), st.tuples(st.integers(1, 3), st.integers(-1, 3))))


def _write(outcomes: OutcomesItems, writes: list[tuple[int, int] | None]) -> None:
    for write in writes:
        if write is None:
            outcomes.seal(OUTCOME)
        else:
            launch, order = write
            outcomes.put_launched(replace(RECORD, launch=launch, started_at=f"{order}"), order)


@given(_WRITES, st.randoms())
def test_whatever_order_writes_come_in_the_same_stands(
    writes: list[tuple[int, int] | None], random: Any
) -> None:
    one, other = MemoryOutcomes(), MemoryOutcomes()
    _write(one, writes)
    random.shuffle(writes)
    _write(other, [*writes, *writes])
    assert one.standing("r") == other.standing("r")


@given(_WRITES)
@settings(max_examples=settings().max_examples // 4)
def test_dynamodb_stands_as_memory_does(
    dynamodb: Any, writes: list[tuple[int, int] | None]
) -> None:
    memory = MemoryOutcomes()
    table = ReadDynamoOutcomes(dynamodb, fresh_table(dynamodb, "OutcomesTable"))
    _write(memory, writes)
    _write(table, writes)
    assert table.standing("r") == memory.standing("r")


def test_item_as_airflow_reads_it(dynamodb: Any) -> None:
    DynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable")).seal(OUTCOME)
    key = {"run_id": {"S": "r"}}
    answer = dynamodb.batch_get_item(RequestItems={"OutcomesTable": {"Keys": [key]}})
    [item] = answer["Responses"]["OutcomesTable"]
    assert item.keys() == {"run_id", "outcome", "feed", "finished_at", "expires_at"}
    assert '"state":"succeeded"' in item["outcome"]["S"]
    assert item["finished_at"] == {"N": "1772323400.125"}
    assert item["expires_at"] == {"N": str(1_772_323_400 + 14 * 86400)}


def test_launched_item_as_airflow_reads_it(dynamodb: Any) -> None:
    clock = Clock(1_772_323_201.5)
    table = create_table(dynamodb, "OutcomesTable")
    outcomes = DynamoOutcomes(dynamodb, table, clock=clock)
    outcomes.put_launched(RECORD, -1)
    key = {"run_id": {"S": "r"}}
    answer = dynamodb.batch_get_item(RequestItems={table: {"Keys": [key]}})
    [item] = answer["Responses"][table]
    assert item.keys() == {"run_id", "launched", "launch", "order", "expires_at"}
    assert '"backend_id":"arn:aws:ecs:' in item["launched"]["S"]
    assert item["expires_at"] == {"N": str(1_772_323_201 + 14 * 86400)}
    clock.advance(3600)
    outcomes.put_launched(RUNS, 4)
    item = dynamodb.get_item(TableName=table, Key=key)["Item"]
    assert item["expires_at"] == {"N": str(1_772_326_801 + 14 * 86400)}
    outcomes.seal(OUTCOME)
    item = dynamodb.get_item(TableName=table, Key=key)["Item"]
    assert item.keys() == {"run_id", "outcome", "feed", "finished_at", "expires_at"}


def test_feed_has_no_launched_records(dynamodb: Any) -> None:
    outcomes = DynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable"))
    outcomes.put_launched(RECORD, -1)
    outcomes.put_launched(RUNS, 4)
    outcomes.put_launched(replace(RECORD, run_id="s"), -1)
    outcomes.seal(replace(OUTCOME, run_id="s"))
    items = dynamodb.scan(TableName="OutcomesTable", IndexName=FEED_INDEX)["Items"]
    assert [item["run_id"]["S"] for item in items] == ["s"]


def test_feed_holds_what_was_finished_since_a_moment(dynamodb: Any) -> None:
    outcomes = DynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable"))
    for number in range(5):
        outcomes.seal(replace(OUTCOME, run_id=f"run-{number}", finished_at=1000.5 + number))
    outcomes.seal(replace(OUTCOME, run_id="run-0", finished_at=2000.0))
    answer = dynamodb.query(
        TableName="OutcomesTable",
        IndexName=FEED_INDEX,
        KeyConditionExpression="feed = :feed AND finished_at > :since",
        ExpressionAttributeValues={":feed": {"S": FEED}, ":since": {"N": "1002.5"}},
    )
    assert [item["run_id"]["S"] for item in answer["Items"]] == ["run-3", "run-4"]
    assert all(item.keys() == {"run_id", "feed", "finished_at"} for item in answer["Items"])
