"""The outcomes table: sealed once, in memory and on DynamoDB."""

from typing import Any

from jetbridge_testing.samples import request
from jetbridge_testing.tables import create_table
from msgspec.structs import replace

from jetbridge.contract import Cause, Fault, Outcome, State
from jetbridge.outcomes.dynamodb import DynamoOutcomes
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


def test_item_as_airflow_reads_it(dynamodb: Any) -> None:
    DynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable")).seal(OUTCOME)
    key = {"run_id": {"S": "r"}}
    answer = dynamodb.batch_get_item(RequestItems={"OutcomesTable": {"Keys": [key]}})
    [item] = answer["Responses"]["OutcomesTable"]
    assert item.keys() == {"run_id", "outcome", "finished_at", "expires_at"}
    assert '"state":"succeeded"' in item["outcome"]["S"]
    assert item["finished_at"] == {"N": "1772323400.125"}
    assert item["expires_at"] == {"N": str(1_772_323_400 + 14 * 86400)}
