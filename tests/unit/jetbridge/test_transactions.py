"""Transactions that DynamoDB cancels: what passes is tried again, what doesn't is reported."""

from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.samples import new_run
from jetbridge_testing.tables import create_table

from jetbridge.aws.items import TRANSACTION_ATTEMPTS, transact
from jetbridge.launching.dynamodb import DynamoTries

WRITES: list[Any] = [
    {"Put": {"TableName": "runs", "Item": {"run_id": {"S": "a"}}}},
    {"Put": {"TableName": "runs", "Item": {"run_id": {"S": "b"}}}},
]
THROTTLES = ["ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"]
PASSING = [*THROTTLES, "TransactionConflict"]
CONDITION = "ConditionalCheckFailed"
FINAL = ["ValidationError", "ItemCollectionSizeLimitExceeded", "SomethingNew"]


@cache
def _client() -> Any:
    return botocore.session.get_session().create_client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


class Table:
    """Answers one transaction after the other: the reasons of a cancelled one, or None."""

    def __init__(self, answers: list[tuple[str, str] | None]) -> None:
        self.client = _client()
        self.pauses: list[float] = []
        self._stubber = Stubber(self.client)
        for reasons in answers:
            if reasons is None:
                self._stubber.add_response("transact_write_items", {})
            else:
                self._cancel(reasons)

    def _cancel(self, reasons: tuple[str, str]) -> None:
        self._stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": [{"Code": code} for code in reasons]},
        )

    def transact(self) -> bool:
        with self._stubber:
            return transact(self.client, WRITES, self.pauses.append)

    def all_were_asked_for(self) -> None:
        self._stubber.assert_no_pending_responses()


@pytest.mark.parametrize("code", PASSING)
@pytest.mark.parametrize("times", [1, TRANSACTION_ATTEMPTS - 1])
def test_what_passes_is_tried_again(code: str, times: int) -> None:
    table = Table([(code, "None")] * times + [None])
    assert table.transact()
    assert len(table.pauses) == times
    table.all_were_asked_for()


@pytest.mark.parametrize("code", THROTTLES)
def test_a_throttle_that_lasts_is_raised(code: str) -> None:
    table = Table([("None", code)] * TRANSACTION_ATTEMPTS)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        table.transact()
    table.all_were_asked_for()


def test_a_transaction_that_always_conflicts_makes_the_caller_read_again() -> None:
    table = Table([("TransactionConflict", "None")] * TRANSACTION_ATTEMPTS)
    assert not table.transact()
    assert len(table.pauses) == TRANSACTION_ATTEMPTS - 1, "there is nothing to wait for after it"


@pytest.mark.parametrize("code", FINAL)
def test_a_permanent_error_is_raised_at_once(code: str) -> None:
    table = Table([(code, "None")])
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        table.transact()
    assert not table.pauses


@pytest.mark.parametrize("other", ["None", *PASSING])
def test_a_condition_that_fails_decides(other: str) -> None:
    table = Table([(CONDITION, other)])
    assert not table.transact()
    assert not table.pauses


@given(st.lists(st.tuples(st.sampled_from(PASSING), st.sampled_from(["None", *PASSING]))))
def test_pauses_grow_and_end(reasons: list[tuple[str, str]]) -> None:
    answers: list[tuple[str, str] | None] = [*reasons[: TRANSACTION_ATTEMPTS - 1], None]
    table = Table(answers)
    assert table.transact()
    assert sum(table.pauses) <= 3.5
    longest = [min(1.0, 0.1 * 2**number) for number in range(len(table.pauses))]
    assert all(most / 2 <= pause <= most for pause, most in zip(table.pauses, longest, strict=True))


def test_throttled_starts_are_made(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the runs table's own adapter, on moto, which is throttled from outside."""
    write, refused = (
        dynamodb.transact_write_items,
        [("None", "ThrottlingError"), ("RequestLimitExceeded", "None")],
    )

    def throttled(**parameters: Any) -> Any:
        if not refused:
            return write(**parameters)
        reasons = [{"Code": code} for code in refused.pop()]
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": reasons,
        }
        raise dynamodb.exceptions.TransactionCanceledException(answer, "TransactWriteItems")

    monkeypatch.setattr(dynamodb, "transact_write_items", throttled)
    tries = DynamoTries(dynamodb, create_table(dynamodb, "RunsTable"), 900)
    run = new_run()
    assert tries.create(run, "airflow/dag/run/task/-1", None)
    assert tries.newest("airflow/dag/run/task/-1") == run.run_id
