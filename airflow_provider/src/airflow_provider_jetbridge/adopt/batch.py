"""The amazon provider's ``BatchOperator``, adopted. Importing this module imports that operator."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.operators.batch import BatchOperator as StockBatchOperator

from airflow_provider_jetbridge.adopt.adopted import Adopted, backend_id, equip
from airflow_provider_jetbridge.operators.batch import BatchOperator


class AdoptedBatchOperator(Adopted, BatchOperator, StockBatchOperator):  # type: ignore[misc]
    """The amazon provider's ``BatchOperator``, run by Jetbridge."""

    jetbridge_operator = BatchOperator

    def __init__(self, **kwargs: Any) -> None:
        StockBatchOperator.__init__(self, **kwargs)
        equip(self)

    def stock_event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The same event as in triggers/batch.py (``BatchJobTrigger``)."""
        failed = (event.get("outcome") or {}).get("state", "succeeded") != "succeeded"
        return {"status": "failed" if failed else "success", "job_id": backend_id(event)}
