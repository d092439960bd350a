"""What the adopted operators share: the amazon provider's, with Jetbridge's in front of them.

A task's own class goes before these (`classes`), so that ``super()`` in it finds Jetbridge's
methods first, then the amazon provider's: whatever a subclass uses of those is there. Objects are
made by the amazon provider's ``__init__``, as the DAG wrote them.
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
    """Whether Jetbridge has this process's run, and not code that calls the stock operator by
    its name."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Past the check of methods that nothing calls: `rules` has made it."""
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
        if next_kwargs and is_jetbridges(event):
            next_kwargs = {**next_kwargs, "event": {**self.stock_event(event), **event}}
        return super().resume_execution(next_method, next_kwargs, context)

    def stock_event(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the amazon provider's trigger would say, for subclasses that look."""
        raise NotImplementedError

    def on_kill(self) -> None:
        if self._is_jetbridges:
            super().on_kill()
        elif getattr(self, self.backend_id_attribute, None):
            self.stock_operator.on_kill(self)


def is_jetbridges(event: object) -> bool:
    """Whether a trigger of Jetbridge's gave the event."""
    told = {"outcome", "launched", "problem"}
    return isinstance(event, dict) and "run_id" in event and not told.isdisjoint(event)


def backend_id(event: dict[str, Any]) -> Any:
    """AWS's id of the task or job in Jetbridge's event."""
    return (event.get("outcome") or event.get("launched") or {}).get("backend_id")


def equip(task: Any) -> None:
    """Give a task that the amazon provider's ``__init__`` made what Jetbridge's operator has more.

    Past Airflow's ``__setattr__``, which would take these for changes of the DAG's author.
    """
    for name, default in _own_defaults(type(task).jetbridge_operator).items():
        vars(task).setdefault(name, default)


@cache
def _own_defaults(operator: type) -> dict[str, Any]:
    """Jetbridge's keywords with their defaults; ``region`` is none that an operator keeps."""
    return {
        name: parameter.default
        for base in operator.__mro__
        if base.__module__.startswith("airflow_provider_jetbridge.") and "__init__" in vars(base)
        for name, parameter in inspect.signature(vars(base)["__init__"]).parameters.items()
        if parameter.default is not inspect.Parameter.empty and name != "region"
    }
