"""Adopts one task, which Airflow hands to the policy when it parses a DAG."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from airflow_provider_jetbridge.adopt.choice import Choice
from airflow_provider_jetbridge.adopt.classes import (
    adopted,
    expanded_of,
    is_changed,
    is_mapped,
    returning,
    stock_of,
)
from airflow_provider_jetbridge.adopt.rules import why_class_stays, why_values_stay
from airflow_provider_jetbridge.settings import conf

log = logging.getLogger(__name__)


def apply(task: Any) -> None:
    """Adopt the task if the configuration chooses it and the rules allow it. Never raises."""
    try:
        operator = class_of(task)
        if stock_of(operator) is None or is_changed(operator):
            return
        chosen = _choice().of_task(task.dag.dag_id, task.dag.tags, task.task_id, task.params)
        problem = why_it_stays(task) if chosen.yes else None
        if chosen.yes and problem is None:
            adopt(task)
            return
        if problem:
            log.warning(
                "Task %s of DAG %s is chosen by [jetbridge] adopt and stays with the amazon "
                "provider's operator: %s",
                task.task_id,
                task.dag.dag_id,
                problem,
            )
        _put(task, returning(operator))
    except Exception as error:
        log.warning(
            "Task %s stays with the amazon provider's operator: %s: %s",
            getattr(task, "task_id", "?"),
            type(error).__name__,
            error,
        )


def adopt(task: Any) -> None:
    """Give a stock task, mapped or not, the class that runs it through Jetbridge.

    Raises:
        TypeError: Python or Jetbridge's operator refuses to derive from its class.
    """
    operator = class_of(task)
    changed = adopted(operator)
    if is_mapped(task):
        # MappedOperator stores these when it is made, unlike a plain task.
        if task.operator_extra_links is operator.operator_extra_links:  # type: ignore[attr-defined]
            task.operator_extra_links = changed.operator_extra_links
        task._operator_name = changed.custom_operator_name
    _put(task, changed)


def why_it_stays(task: Any) -> str | None:
    """Say why a stock task can't be adopted. None if it can."""
    operator, values = class_of(task), values_of(task)
    stock = stock_of(operator)
    problem = why_class_stays(operator, stock, _is_deferrable(values))
    known = [values, *expanded_of(task)]
    return problem or next(filter(None, map(why_values_stay, known)), None)


def class_of(task: Any) -> type:
    """The class that a task's code runs in."""
    operator = task.operator_class if is_mapped(task) else type(task)
    return operator if isinstance(operator, type) else type(task)


def values_of(task: Any) -> Mapping[str, Any]:
    """The task's keywords that are known before it runs. For a mapped task, those that all
    instances share."""
    values: Mapping[str, Any] = task.partial_kwargs if is_mapped(task) else vars(task)
    return values


def _is_deferrable(values: Mapping[str, Any]) -> bool:
    """Whether the DAG file says so. A template or an XCom may turn out false."""
    default = conf.getboolean("operators", "default_deferrable", fallback=False)
    return values.get("deferrable", default) is True


def _put(task: Any, operator: type) -> None:
    if is_mapped(task):
        task.operator_class = operator
        return
    task.__class__ = operator
    if hasattr(operator, "jetbridge_operator"):
        from airflow_provider_jetbridge.adopt.adopted import equip

        equip(task)


@cache
def _choice() -> Choice:
    """The configured choice, read once per process. A wrong configuration chooses nothing."""
    try:
        return Choice.configured()
    except ValueError as error:
        log.error("Nothing is adopted: %s", error)
        return Choice()
