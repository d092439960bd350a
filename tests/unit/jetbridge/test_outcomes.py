"""The outcomes table: sealed once, in memory and on DynamoDB."""

from typing import Any

from jetbridge_testing.samples import request
from jetbridge_testing.tables import create_table
from msgspec.structs import replace

from jetbridge.contract import Cause, Fault, Outcome, State
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


def test_item_of_a_run_that_has_no_outcome_yet(dynamodb: Any) -> None:
    table = create_table(dynamodb, "OutcomesTable")
    dynamodb.put_item(TableName=table, Item={"run_id": {"S": "r"}, "launched": {"S": "{}"}})
    assert DynamoOutcomes(dynamodb, table).get("r") is None


def test_item_as_airflow_reads_it(dynamodb: Any) -> None:
    DynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable")).seal(OUTCOME)
    key = {"run_id": {"S": "r"}}
    answer = dynamodb.batch_get_item(RequestItems={"OutcomesTable": {"Keys": [key]}})
    [item] = answer["Responses"]["OutcomesTable"]
    assert item.keys() == {"run_id", "outcome", "feed", "finished_at", "expires_at"}
    assert '"state":"succeeded"' in item["outcome"]["S"]
    assert item["finished_at"] == {"N": "1772323400.125"}
    assert item["expires_at"] == {"N": str(1_772_323_400 + 14 * 86400)}


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
