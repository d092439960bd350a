"""Base of the adopted operators: the amazon provider's operators with Jetbridge's methods first.

A task's own class comes before these in the method order (`classes`). So ``super()`` in it finds
Jetbridge's methods first, then the amazon provider's, and a subclass can use both. The amazon
provider's ``__init__`` makes the objects, with the arguments that the DAG gives.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, ClassVar

from airflow_provider_jetbridge.operators.as_stock import deferred_by_stock
from airflow_provider_jetbridge.operators.run import JetbridgeRunOperator


class Adopted(JetbridgeRunOperator):
    """A stock task that Jetbridge runs."""

    jetbridge_operator: ClassVar[type[JetbridgeRunOperator]]
    """Jetbridge's operator of the same name."""

    _is_jetbridges = False
    """True if Jetbridge started the run in this process. False if other code calls the stock
    operator by its name."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Skip the check for methods that nothing calls, because `rules` has made it already."""
        super(JetbridgeRunOperator, cls).__init_subclass__(**keywords)

    def _begin(self, context: Any, ti: Any) -> Any:
        self._is_jetbridges = True
        self.log.info("Adopted: [jetbridge] adopt has this task run through Jetbridge")
        return super()._begin(context, ti)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any
    ) -> Any:
        event: Any = (next_kwargs or {}).get("event")
        self._is_jetbridges = not deferred_by_stock(event)
        return super().resume_execution(next_method, next_kwargs, context)

    def on_kill(self) -> None:
        if self._is_jetbridges:
            super().on_kill()
        elif getattr(self, self.backend_id_attribute, None):
            self.stock_operator.on_kill(self)


def equip(task: Any) -> None:
    """Add the attributes of Jetbridge's operator to a task that the amazon provider's ``__init__``
    made.

    Bypasses Airflow's ``__setattr__``, which would take these for changes by the DAG's author.
    """
    for name, default in _own_defaults(type(task).jetbridge_operator).items():
        vars(task).setdefault(name, default)


@cache
def _own_defaults(operator: type) -> dict[str, Any]:
    """Jetbridge's keywords with their defaults, without ``region``, which no operator keeps."""
    return {
        name: parameter.default
        for base in operator.__mro__
        if base.__module__.startswith("airflow_provider_jetbridge.") and "__init__" in vars(base)
        for name, parameter in inspect.signature(vars(base)["__init__"]).parameters.items()
        if parameter.default is not inspect.Parameter.empty and name != "region"
    }
