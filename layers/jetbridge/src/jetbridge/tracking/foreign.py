"""track_run, of tasks and jobs that this stack didn't launch: what sensors wait for."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from jetbridge.backends.foreign import foreign_event
from jetbridge.backends.port import NoDefinition
from jetbridge.outcomes.foreign import launched_of, outcome_of_foreign
from jetbridge.outcomes.port import LaunchedRecords, Outcomes
from jetbridge.runs.run import Definition, StateChange


@dataclass(frozen=True)
class TrackForeign:
    """Attributes:
    define: reads a task definition's revision by its ARN. It says which containers are essential,
        which an event doesn't.
    """

    outcomes: Outcomes
    launched: LaunchedRecords
    define: Callable[[str], Definition]
    stack_key: str
    region: str
    clock: Callable[[], float] = time.time

    def __call__(self, event: object) -> StateChange | None:
        """Keep what an EventBridge event reports of such a task or job; returns it, or None.

        Each write has a condition, so that events may come again and in any order: the first end
        stays, and nothing comes after it.

        Raises:
            RecordError: it can never be kept.
            Throttled, Unanswered: the definition couldn't be read this time.
            LaunchRefused: it may not be read. Nothing is kept, so that the event comes again.
        """
        foreign = foreign_event(event, self.stack_key)
        if foreign is None:
            return None
        change = foreign.change
        if change.ending is not None:
            definition = self._definition(change)
            now = self.clock()
            outcome = outcome_of_foreign(foreign, change.ending, definition, self.region, now)
            self.outcomes.seal(outcome)
        elif change.running:
            launched = launched_of(foreign, self.region, self.clock())
            self.launched.put_launched(launched, change.order)
        return change

    def _definition(self, change: StateChange) -> Definition | None:
        """None where it says nothing: Batch's own verdict decides, and a deleted task definition
        can't be read any more."""
        if change.backend != "ecs":
            return None
        try:
            return self.define(change.definition)
        except NoDefinition:
            return None
