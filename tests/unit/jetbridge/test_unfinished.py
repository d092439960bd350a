"""The index of unfinished runs: what is in it, what that costs, and rows of the release before."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.samples import DEFINITIONS, change, launched_run, new_run
from jetbridge_testing.stand_ins import as_client
from jetbridge_testing.tables import create_table, fresh_table
from jetbridge_testing.template import resources
from moto import mock_aws

from jetbridge.aws.batch_get import EMPTY_ANSWERS
from jetbridge.aws.items import marshal
from jetbridge.contract import run_id_of
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import UnreadableRow
from jetbridge.runs.unfinished import (
    EARLIER_INDEX,
    INDEX,
    SHARDS,
    Unfinished,
    later_by,
    shard_of,
)

INDEXES = {
    index["IndexName"]: index
    for index in resources("AWS::DynamoDB::Table")["RunsTable"]["Properties"][
        "GlobalSecondaryIndexes"
    ]
}
EVER = 1e12


class Entries:
    """What the indexes hold of one row, and how often that has changed."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._last: dict[str, Any] = {}
        self.units: Counter[str] = Counter()

    def look(self) -> None:
        """Count an entry that is new, gone or changed as 1, one whose key changed as 2 (Amazon
        DynamoDB developer guide, "Using global secondary indexes")."""
        items = self._client.scan(TableName="RunsTable")["Items"]
        for name, index in INDEXES.items():
            keys = [part["AttributeName"] for part in index["KeySchema"]]
            entries = [item for item in items if all(key in item for key in keys)]
            if index["Projection"]["ProjectionType"] == "KEYS_ONLY":
                entries = [{key: item[key] for key in ("run_id", *keys)} for item in entries]
            entry = entries[0] if entries else None
            before = self._last.get(name)
            if entry != before:
                self.units[name] += 2 if entry and before else 1
            self._last[name] = entry


def test_one_whole_run_changes_the_index_twice(dynamodb: Any, dynamo_runs: DynamoRuns) -> None:
    entries = Entries(dynamodb)
    run = new_run()
    known = launched_run()
    steps = (
        lambda: dynamo_runs.create(run),
        lambda: dynamo_runs.begin_launch(run, 10.5, DEFINITIONS["ecs"]),
        lambda: dynamo_runs.launched(run.run_id, 1, known.backend_id or ""),
        lambda: dynamo_runs.apply(change("ecs_running")),
        lambda: dynamo_runs.apply(change("ecs_stopped_exit_0")),
        lambda: dynamo_runs.mark_finished(run.run_id),
    )
    for step in steps:
        step()
        entries.look()
    row = dynamo_runs.get(run.run_id)
    assert row is not None
    assert row.finished
    assert entries.units == {INDEX: 2}


def test_the_index_has_only_keys() -> None:
    assert INDEXES[INDEX]["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_runs_are_spread_over_all_shards() -> None:
    found = Counter(shard_of(run_id_of(f"airflow/run-{number}")) for number in range(10_000))
    assert len(found) == SHARDS
    assert max(found.values()) < 1.3 * min(found.values())


def test_runs_of_one_moment_are_looked_at_over_a_tenth_of_the_time() -> None:
    later = [later_by(run_id_of(f"airflow/run-{number}"), 900) for number in range(10_000)]
    assert min(later) >= 0
    assert max(later) < 90
    buckets = Counter(int(each // 10) for each in later)
    assert max(buckets.values()) < 1.3 * min(buckets.values())


@given(st.text(min_size=1, max_size=40))
def test_a_run_stays_in_its_shard(run_id: str) -> None:
    assert shard_of(run_id) == shard_of(run_id)
    assert 0 <= int(shard_of(run_id), 16) < SHARDS


@given(
    st.dictionaries(
        st.integers(0, 10_000).map(lambda number: f"run-{number}"),
        st.tuples(st.integers(0, 2_000), st.booleans()),
        max_size=130,
    )
)
@settings(max_examples=15)
def test_due_runs_come_in_their_order_from_both_indexes(
    rows: dict[str, tuple[int, bool]],
) -> None:
    with mock_aws():
        import boto3

        client = boto3.client("dynamodb")
        table = fresh_table(client, "RunsTable")
        for run_id, (at, earlier) in rows.items():
            place = {"active": "1"} if earlier else {"shard": shard_of(run_id)}
            item = {"run_id": run_id, "check_at": at} | place
            client.put_item(TableName=table, Item=marshal(item))
        found = [row["run_id"]["S"] for row in Unfinished(as_client(client), table).due(1_000)]
    due = {run_id: at for run_id, (at, _) in rows.items() if at <= 1_000}
    assert sorted(found) == sorted(due)
    assert [due[run_id] for run_id in found] == sorted(due.values())


class TestRowsOfTheReleaseBefore:
    """Its code put ``active`` into each row, and knew of no shards."""

    @pytest.fixture
    def earlier(self, dynamodb: Any, dynamo_runs: DynamoRuns) -> str:
        run = new_run()
        dynamo_runs.create(run)
        dynamodb.update_item(
            TableName="RunsTable",
            Key={"run_id": {"S": run.run_id}},
            UpdateExpression="SET active = :one REMOVE #shard",
            ExpressionAttributeNames={"#shard": "shard"},
            ExpressionAttributeValues={":one": {"S": "1"}},
        )
        return run.run_id

    def test_are_due_as_ever(self, dynamo_runs: DynamoRuns, earlier: str) -> None:
        assert [row.run_id for row in dynamo_runs.due(EVER)] == [earlier]

    def test_move_when_they_are_looked_at(
        self, dynamodb: Any, dynamo_runs: DynamoRuns, earlier: str
    ) -> None:
        dynamo_runs.look_again(earlier, 5_000)
        [item] = dynamodb.scan(TableName="RunsTable", IndexName=INDEX)["Items"]
        assert item["run_id"]["S"] == earlier
        assert dynamodb.scan(TableName="RunsTable", IndexName=EARLIER_INDEX)["Items"] == []
        assert list(dynamo_runs.due(4_999)) == []
        assert [row.run_id for row in dynamo_runs.due(5_000)] == [earlier]

    def test_leave_when_they_are_finished(self, dynamo_runs: DynamoRuns, earlier: str) -> None:
        dynamo_runs.mark_finished(earlier)
        dynamo_runs.look_again(earlier, 1)
        assert list(dynamo_runs.due(EVER)) == []


class Stingy:
    """A client whose BatchGetItem leaves keys out, as DynamoDB does beyond 16 MB or when it is
    throttled."""

    def __init__(self, client: Any, most: list[int]) -> None:
        self._client, self._most = client, most
        self.asked: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_get_item(self, RequestItems: Any) -> Any:
        [(table, asked)] = RequestItems.items()
        keys, most = asked["Keys"], self._most.pop(0) if self._most else 100
        self.asked.append(len(keys))
        answer: Any = {"Responses": {table: []}, "UnprocessedKeys": {}}
        if most:
            answer = self._client.batch_get_item(
                RequestItems={table: asked | {"Keys": keys[:most]}}
            )
        if keys[most:]:
            answer["UnprocessedKeys"] = {table: asked | {"Keys": keys[most:]}}
        return answer


def test_keys_that_are_left_out_are_asked_for_again(dynamodb: Any, clock: Clock) -> None:
    table = create_table(dynamodb, "RunsTable")
    runs = DynamoRuns(dynamodb, table, 900, clock=clock)
    for number in range(10):
        runs.create(new_run(run_id=f"run-{number}"))
    client = Stingy(dynamodb, [4, 0, 0, 1])
    pauses: list[float] = []
    found = list(Unfinished(as_client(client), table, pauses.append).due(EVER))
    assert len({row["run_id"]["S"] for row in found}) == 10
    assert client.asked == [10, 6, 6, 6, 5]
    assert len(pauses) == 2
    assert pauses[0] < 2 * pauses[1]


def test_a_table_that_stays_throttled_is_given_up(dynamodb: Any, clock: Clock) -> None:
    table = create_table(dynamodb, "RunsTable")
    runs = DynamoRuns(dynamodb, table, 900, clock=clock)
    for number in range(3):
        runs.create(new_run(run_id=f"run-{number}"))
    client = Stingy(dynamodb, [0] * (EMPTY_ANSWERS - 1) + [1] + [0] * EMPTY_ANSWERS)
    pauses: list[float] = []
    with pytest.raises(RuntimeError, match="left out all keys 8 times in a row"):
        list(Unfinished(as_client(client), table, pauses.append).due(EVER))
    assert client.asked == [3] * EMPTY_ANSWERS + [2] * EMPTY_ANSWERS
    assert sum(pauses[: EMPTY_ANSWERS - 1]) <= 5.2


def test_a_row_that_cant_be_read_is_one_row(dynamodb: Any, dynamo_runs: DynamoRuns) -> None:
    dynamo_runs.create(new_run())
    dynamo_runs.create(new_run(run_id="broken"))
    dynamodb.update_item(
        TableName="RunsTable",
        Key={"run_id": {"S": "broken"}},
        UpdateExpression="SET #request = :none",
        ExpressionAttributeNames={"#request": "request"},
        ExpressionAttributeValues={":none": {"S": "{"}},
    )
    found = list(dynamo_runs.due(EVER))
    assert [row.run_id for row in found if isinstance(row, UnreadableRow)] == ["broken"]
    assert len(found) == 2
