"""Which tries of Airflow tasks wait for a run that something else started."""

from jetbridge.launching.tries import is_later
from jetbridge.runs.run import Watcher

MAX_WATCHERS = 10
"""So that the row stays small; whoever wants more lets one task wait, and the others for it."""


class TooManyWatchers(Exception):
    """So many other tasks wait for the run that no further one can."""


def with_watcher(watchers: list[Watcher], new: Watcher) -> list[Watcher]:
    """The watchers with another one; the very same ones, if it is among them already.

    One try of a task instance waits at most: a later one takes an earlier one's place, which
    would find itself gone anyway, so that a task which is retried or cleared uses one place up.

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
