"""The amazon provider's ``EcsRunTaskOperator``, adopted. Importing this module imports it."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.operators.ecs import (
    EcsRunTaskOperator as StockEcsRunTaskOperator,
)

from airflow_provider_jetbridge.adopt.adopted import Adopted, equip
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator


class AdoptedEcsRunTaskOperator(Adopted, EcsRunTaskOperator, StockEcsRunTaskOperator):  # type: ignore[misc]
    """The amazon provider's ``EcsRunTaskOperator``, run by Jetbridge."""

    jetbridge_operator = EcsRunTaskOperator

    def __init__(self, **kwargs: Any) -> None:
        StockEcsRunTaskOperator.__init__(self, **kwargs)
        equip(self)

    def _check_success_task(self) -> None:
        if self._outcome is None:
            StockEcsRunTaskOperator._check_success_task(self)
        else:
            super()._check_success_task()
