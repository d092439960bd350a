"""The outcomes table on DynamoDB, and what tests read of it."""

from typing import Protocol

from jetbridge.aws.items import marshal, unmarshal
from jetbridge.contract import Launched, Outcome, decode
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.outcomes.port import LaunchedRecords, Outcomes


class OutcomesItems(Outcomes, LaunchedRecords, Protocol):
    """Both ports of the table."""

    def standing(self, run_id: str) -> Outcome | Launched | None:
        """What the run's item is now."""
        ...


class ReadDynamoOutcomes(DynamoOutcomes):
    """``OutcomesItems`` on DynamoDB."""

    def standing(self, run_id: str) -> Outcome | Launched | None:
        answer = self._client.get_item(
            TableName=self._table, Key=marshal({"run_id": run_id}), ConsistentRead=True
        )
        item = unmarshal(answer.get("Item", {}))
        assert not {"launched", "outcome"} <= item.keys(), "both in one item"
        if "launched" in item:
            return decode(Launched, item["launched"])
        # An item may also hold no more than what a run waits for.
        return decode(Outcome, item["outcome"]) if "outcome" in item else None
