"""Short runs: the worker waits for them, because a deferral would only make them slower.

A resume needs a second process, and has to wait 15 s to avoid a race in Airflow (`triggers.guard`).
So if a task's last run took a few seconds, the task first waits on its worker for as long as a
short run may take. It defers only if the run hasn't ended by then.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.story import Storyteller
from airflow_provider_jetbridge.triggers.events import launch_event, outcome_event
from airflow_provider_jetbridge.triggers.outcomes import OutcomesReader, OutcomesTable

log = logging.getLogger(__name__)

SECONDS_KEY = "run_seconds"
"""The XCom key for the seconds from start_run's answer to the event that the task waited for."""

LOOK_EVERY_SECONDS = 0.5


def seconds_last_time(ti: Any) -> float | None:
    """How long this task's last run took, in this DAG run or an earlier one.

    Never raises. None if it isn't known.
    """
    try:
        seconds = ti.xcom_pull(key=SECONDS_KEY, map_indexes=ti.map_index, include_prior_dates=True)
    except Exception as error:
        log.warning("The worker can't ask Airflow how long the last run took: %s", error)
        return None
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return float(seconds) if is_number else None


def seconds_of(event: dict[str, Any] | None, came_at: float | None) -> float | None:
    """How long the task waited for the event.

    Args:
        event: a trigger's event. Its ``waits_since`` is the worker's time in epoch seconds.
        came_at: Jetbridge's time in epoch seconds. The two clocks may differ a little.

    Returns:
        None if one of the two isn't known.
    """
    began = (event or {}).get("waits_since")
    if came_at is None or not isinstance(began, int | float):
        return None
    return round(max(0.0, came_at - began), 1)


def expected_within(ti: Any, limit: timedelta | None) -> float | None:
    """The seconds within which the run should end, if the last run was short. None if it may take
    longer.

    Args:
        limit: the task's own time limit. If it would pass within these seconds, the task defers.
    """
    short = settings.short_run_seconds()
    if not short or (limit is not None and limit.total_seconds() <= short):
        return None
    last = seconds_last_time(ti)
    return short if last is not None and last < short else None


def came_within(
    seconds: float, table: OutcomesTable, run_id: str, *, until: str, ti: Any, task_log: Any
) -> dict[str, Any] | None:
    """Wait ``seconds`` for the run, and return the event that a trigger would send.

    None if the run hasn't ended by then, which is remembered for the task's next run. Also None if
    this worker can't read the table. In both cases the triggerer waits instead.

    Args:
        until: as in `JetbridgeRunTrigger`.
        task_log: gets the same lines about the run as the trigger's log.
    """
    task_log.info(
        "This task's last run was short: its worker waits for this one, up to %g s, before the "
        "task is deferred ([jetbridge] short_run_seconds)",
        seconds,
    )
    began = time.time()
    try:
        reader = OutcomesReader(table)
        reader.connect()
        event = _look_until(time.monotonic() + seconds, reader, run_id, until, task_log)
    except Exception as error:
        log.warning("This worker can't read the table %s, and defers: %s", table.name, error)
        return None
    if event is None:
        ti.xcom_push(key=SECONDS_KEY, value=max(seconds, round(time.time() - began, 1)))
        return None
    return {**event, "waits_since": began}


def _look_until(
    deadline: float, reader: OutcomesReader, run_id: str, until: str, task_log: Any
) -> dict[str, Any] | None:
    story = Storyteller(task_log)
    while True:
        reading = reader.read([run_id])
        if reading.error is not None:
            raise reading.error
        for kind, text in reading.news.get(run_id, []):
            if kind == "outcome":
                return outcome_event(run_id, text, task_log)
            launched = story.tell(kind, text)
            if launched is not None and until == "launched":
                return launch_event(run_id, launched)
        if time.monotonic() >= deadline:
            return None
        time.sleep(LOOK_EVERY_SECONDS)
