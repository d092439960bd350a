"""Stops the run of a waiting try that Airflow fails.

Airflow then runs the task on a worker, which knows the try. The run id follows from the try's key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_provider_jetbridge.stack import STOP_FUNCTION
from airflow_provider_jetbridge.task_instance import caller_of
from jetbridge.contract import StopAnswer, WatchRequest, run_id_of

if TYPE_CHECKING:
    from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook


def own_run(ti: Any, airflow: str | None) -> tuple[str, str]:
    """The run id of this try, and the try's key.

    A try that took over an earlier try's run also has a run id of its own. The stack finds the run
    by it.
    """
    key = caller_of(ti, airflow).key
    return run_id_of(key), key


def backend_id_of(make_hook: Callable[[], JetbridgeHook], log: Any, run_id: str) -> str | None:
    """The run's ECS task ARN or Batch job id, for code that runs after the wait has failed.

    Never raises. None if there is none, or if the stack doesn't answer.
    """
    try:
        hook = make_hook()
        request = WatchRequest(run_ids=[run_id], airflow=hook.airflow)
        run = hook.watch(request).runs.get(run_id)
    except Exception:
        log.exception("Jetbridge didn't say which task or job this try has")
        return None
    return run.backend_id if run else None


def stop_own(
    make_hook: Callable[[], JetbridgeHook], log: Any, run_id: str, key: str, reason: str
) -> None:
    """Stop the run of a try, unless another try waits for it. Never raises.

    There is no run to stop if the amazon provider's operator deferred the task, before the import
    was changed or the DAG was adopted.
    """
    try:
        hook = make_hook()
        answered = hook.stop(hook.function(STOP_FUNCTION), {run_id: key}, reason)
    except Exception:
        log.exception("The run could not be stopped; it may still be running")
    else:
        tell_stop(log, run_id, answered, reason)


def tell_stop(log: Any, run_id: str, answered: StopAnswer, reason: str) -> None:
    """Log the result of one run's stop request."""
    if answered.unknown:
        log.info("Jetbridge has no run of this try; the amazon provider's operator began this wait")
    elif answered.taken_over:
        log.info("Run %s keeps running: another try waits for it", run_id)
    elif answered.already_ended:
        log.info("Run %s had ended", run_id)
    elif answered.refused:
        why = answered.refused.get(run_id)
        log.error("Run %s could not be stopped, and may still be running: %s", run_id, why)
    else:
        log.info("Run %s is being stopped: %s", run_id, reason)
