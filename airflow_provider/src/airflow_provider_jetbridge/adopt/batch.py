"""The amazon provider's ``BatchOperator``, adopted. Importing this module imports that operator."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.operators.batch import BatchOperator as StockBatchOperator

from airflow_provider_jetbridge.adopt.adopted import Adopted, equip
from airflow_provider_jetbridge.operators.batch import BatchOperator


class AdoptedBatchOperator(Adopted, BatchOperator, StockBatchOperator):  # type: ignore[misc]
    """The amazon provider's ``BatchOperator``, run by Jetbridge."""

    jetbridge_operator = BatchOperator

    def __init__(self, **kwargs: Any) -> None:
        StockBatchOperator.__init__(self, **kwargs)
        equip(self)
