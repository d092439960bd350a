"""Behaviour that DAGs for the amazon provider's operators rely on, besides the keywords."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from airflow_provider_jetbridge.exceptions import NestedExecute

NOT_CALLED: Mapping[str, str] = {
    "_start_task": "Jetbridge starts the ECS task: give what it changes as keywords",
    "_try_reattach_task": "Jetbridge finds the earlier try's run: give reattach=True",
    "_wait_for_task_ended": "the task is deferred: do afterwards what it does in execute_complete",
    "_get_task_log_fetcher": "Jetbridge copies the log: leave it out",
    "submit_job": "Jetbridge submits the Batch job: give what it changes as keywords",
    "monitor_job": "the task is deferred: do afterwards what it does in execute_complete",
    "_get_batch_log_fetcher": "Jetbridge copies the log: leave it out",
    "_persist_links": "Jetbridge has links of its own: leave it out",
    "_persist_cloudwatch_link": "Jetbridge has links of its own: leave it out",
}
"""Methods of the amazon provider's operators that subclasses override but Jetbridge never calls,
each with what to do instead."""


def refuse_overrides(subclass: type) -> None:
    """Refuse a subclass with a method that nothing would call, so that no code is skipped silently.

    Raises:
        TypeError: names the method, and what to do instead.
    """
    for name, fix in NOT_CALLED.items():
        if hasattr(subclass, name):
            raise TypeError(
                f"{subclass.__qualname__}.{name} is never called by Jetbridge's operator. Instead: "
                f"{fix}; or keep the amazon provider's operator for this class"
            )


def warn_of_region() -> None:
    """Warn that ``region`` has no effect any more, as in the amazon provider 9.39 (utils/mixins.py,
    ``AwsHookParams.from_constructor``)."""
    from airflow.exceptions import AirflowProviderDeprecationWarning

    warnings.warn(
        "`region` has no effect, as in the amazon provider, which will remove it; give region_name",
        AirflowProviderDeprecationWarning,
        stacklevel=4,
    )


def refuse_nested(operator: Any, context: Any) -> Any:
    """Return the context's task instance if the operator is its task, and refuse nested calls.

    Airflow resumes a deferred task through a method of the task's own operator. If another task's
    code executes this operator, it would never learn that its run has ended, unless that other
    operator has the same method and passes the call on.

    Raises:
        NestedExecute: the task is another one, or there is none.
    """
    ti = (context or {}).get("ti")
    if ti is None:
        raise NestedExecute(
            f"{type(operator).__name__}.execute was called without a task instance; nothing was "
            "started. Make the operator a task of the DAG"
        )
    outer = getattr(ti, "task", None)
    if outer is None or outer is operator or callable(getattr(outer, "execute_complete", None)):
        return ti
    raise NestedExecute(
        f"{type(operator).__name__}.execute was called inside task {ti.task_id!r}; nothing was "
        "started. Jetbridge gives up its worker while the container runs, and Airflow couldn't "
        "resume that task with the end. Make the operator a task of the DAG: create it in the "
        "DAG's body (its templated fields take the other task's result), or map it with expand(). "
        "Code that has to wait in its own process can call the amazon provider's operator"
    )


def deferred_by_stock(event: Any) -> bool:
    """Whether the event comes from a trigger of the amazon provider. It does if the task was
    deferred before its import was changed."""
    return isinstance(event, dict) and "status" in event and "run_id" not in event


def is_jetbridges(event: object) -> bool:
    """Whether the event came from a trigger of Jetbridge."""
    ours = {"outcome", "launched", "problem"}
    return isinstance(event, dict) and "run_id" in event and not ours.isdisjoint(event)


def id_in(event: dict[str, Any]) -> Any:
    """AWS's id of the task or job in Jetbridge's event."""
    return (event.get("outcome") or event.get("launched") or {}).get("backend_id")


def end_as_stock(operator: Any, context: Any, event: Any) -> Any:
    """End a task that the amazon provider's operator deferred, in the same way as that operator
    does."""
    operator.log.info("The amazon provider's operator deferred this task, so that one ends it")
    stock = operator.stock_operator.__new__(operator.stock_operator)
    vars(stock).update(vars(operator))
    try:
        return stock.execute_complete(context, event)
    finally:
        name = operator.backend_id_attribute
        setattr(operator, name, getattr(stock, name))
