"""track_run, of tasks and jobs that this stack didn't launch: what sensors wait for."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jetbridge.backends.foreign import foreign_event
from jetbridge.backends.port import NoDefinition
from jetbridge.contract import Outcome, State
from jetbridge.outcomes.foreign import launched_of, outcome_of_foreign
from jetbridge.outcomes.port import LaunchedRecords, Outcomes
from jetbridge.queues.messages import Notice
from jetbridge.queues.port import Queue
from jetbridge.runs.run import Definition, StateChange
from jetbridge.tracking.assets import AssetRule


@dataclass(frozen=True)
class TrackForeign:
    """Attributes:
    define: reads a task definition's revision by its ARN. It says which containers are essential,
        which an event doesn't.
    assets: which assets an end updates in Airflow.
    notices: to notify_airflow.
    """

    outcomes: Outcomes
    launched: LaunchedRecords
    define: Callable[[str], Definition]
    stack_key: str
    region: str
    assets: Sequence[AssetRule] = ()
    notices: Queue[Notice] | None = None
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
            self._tell(change, self.outcomes.seal(outcome))
        elif change.running:
            launched = launched_of(foreign, self.region, self.clock())
            self.launched.put_launched(launched, change.order)
        return change

    def _tell(self, change: StateChange, sealed: Outcome) -> None:
        """Again with each event of the end, in case the process died before. Airflow creates one
        asset event for it all the same (`notify.on_finish`)."""
        if self.notices is None or sealed.state is not State.SUCCEEDED:
            return
        for rule in self.assets:
            if rule.is_of(change.definition):
                notice = Notice(run_id=sealed.run_id, airflow=rule.airflow, asset=rule.uri)
                self.notices.send(notice, 0, rule.airflow)

    def _definition(self, change: StateChange) -> Definition | None:
        """None where it says nothing: Batch's own verdict decides, and a deleted task definition
        can't be read any more."""
        if change.backend != "ecs":
            return None
        try:
            return self.define(change.definition)
        except NoDefinition:
            return None
