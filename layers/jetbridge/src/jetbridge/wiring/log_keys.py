"""The keys ``run_id``, ``launch`` and ``caller`` of each line that the functions log, and
``trace_id`` if the run belongs to a trace.

The run is taken from the line itself, else from the message being handled, else from the only row
that was read or written for it. Lines about no run, or about many, have the keys without a value,
so that a query can use the keys for all lines.
"""

import logging
from collections import OrderedDict
from typing import NamedTuple

from jetbridge.contract import PersonCaller, trace_context
from jetbridge.runs.run import Run

# A warm function may remember a run without reading its row again.
_REMEMBERED = 1_000


class About(NamedTuple):
    """The run that lines are about. ``launch`` counts from 1; 0: unknown. ``caller`` is the
    caller's key or the person's name; empty: unknown. ``trace_id`` is that of the request's
    traceparent."""

    launch: int = 0
    caller: str = ""
    trace_id: str = ""


class RunKeys(logging.Filter):
    """Adds the keys to each record. It knows one invocation at a time, as Lambda runs them."""

    def __init__(self) -> None:
        super().__init__()
        self._known: OrderedDict[str, About] = OrderedDict()
        self._named = ""
        self._touched: set[str] = set()

    def begin(self, run_id: object = None, launch: object = None) -> None:
        """From now on, lines are about the run that this message names. Forget the one before."""
        self._named = run_id if isinstance(run_id, str) else ""
        self._touched = set()
        if self._named and self._named not in self._known and isinstance(launch, int):
            self._remember(self._named, About(launch))

    def note(self, run: Run | None) -> None:
        """Remember the row of a run that was read or written."""
        if run is not None:
            self._touched.add(run.run_id)
            caller = run.caller
            name = f"person/{caller.name}" if isinstance(caller, PersonCaller) else caller.key
            traceparent = run.request.traceparent
            trace_id = trace_context(traceparent).trace_id if traceparent else ""
            self._remember(run.run_id, About(run.launch, name, trace_id))

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the keys. Never drops a record. Keys that the line itself has are kept."""
        said = vars(record)
        run_id = said.get("run_id")
        if run_id is None:
            run_id = self._named or (next(iter(self._touched)) if len(self._touched) == 1 else "")
        about = self._known.get(str(run_id), About())
        for key, value in (("run_id", run_id), *about._asdict().items()):
            if value or key != "trace_id":
                said.setdefault(key, value)
        return True

    def _remember(self, run_id: str, about: About) -> None:
        self._known[run_id] = about
        self._known.move_to_end(run_id)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
