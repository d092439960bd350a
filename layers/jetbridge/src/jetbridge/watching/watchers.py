"""Which tries of Airflow tasks wait for a run that something else started."""

from jetbridge.launching.tries import is_later
from jetbridge.runs.run import Watcher

MAX_WATCHERS = 10
"""The limit keeps the row small. For more tasks, let one task wait for the run, and the others for
that task."""


class TooManyWatchers(Exception):
    """As many other tasks wait for the run as are allowed."""


def with_watcher(watchers: list[Watcher], new: Watcher) -> list[Watcher]:
    """The watchers with the new one added; unchanged if it is already among them.

    Only one try of a task instance waits: a later try replaces an earlier one, which no longer
    exists. So a task that is retried or cleared still uses one place.

    Raises:
        TooManyWatchers
    """
    for index, known in enumerate(watchers):
        if _task(known) == _task(new):
            if not is_later(new.caller, known.caller):
                return watchers
            return [*watchers[:index], new, *watchers[index + 1 :]]
    if len(watchers) >= MAX_WATCHERS:
        raise TooManyWatchers
    return [*watchers, new]


def _task(watcher: Watcher) -> tuple[str, str]:
    return watcher.airflow, watcher.caller.task_key
