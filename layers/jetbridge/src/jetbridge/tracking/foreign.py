"""track_run, for tasks and jobs that this stack didn't launch: sensors wait for them."""

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from jetbridge.backends.foreign import foreign_event
from jetbridge.backends.port import NoDefinition
from jetbridge.contract import Outcome, State
from jetbridge.outcomes.foreign import launched_of, outcome_of_foreign
from jetbridge.outcomes.port import LaunchedRecords, Outcomes
from jetbridge.queues.messages import Notice
from jetbridge.queues.port import Queue
from jetbridge.runs.reports import StateChange
from jetbridge.runs.run import Definition
from jetbridge.tracking.assets import AssetRule


class TrackForeign(Struct, frozen=True):
    """Records what happens to tasks and jobs of others.

    Attributes:
        define: reads a task definition's revision by its ARN. It says which containers are
            essential, which an event doesn't say.
        assets: which assets in Airflow an end updates.
        notices: the queue of notify_airflow.
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
        """Record what an EventBridge event reports about such a task or job. Returns the record, or
        None.

        Each write has a condition, so events may come again and in any order. The first end is
        final.

        Raises:
            RecordError: the event can never be recorded.
            Throttled, Unanswered: the definition couldn't be read this time.
            LaunchRefused: the function may not read the definition. Nothing is written, so the
                event comes again.
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
        """Queue the notices. This is repeated with each event of the end, in case the function died
        before. Airflow still creates only one asset event (`notify.on_finish`)."""
        if self.notices is None or sealed.state is not State.SUCCEEDED:
            return
        for rule in self.assets:
            if rule.is_of(change.definition):
                notice = Notice(run_id=sealed.run_id, airflow=rule.airflow, asset=rule.uri)
                self.notices.send(notice, 0, rule.airflow)

    def _definition(self, change: StateChange) -> Definition | None:
        """The definition; None if it isn't needed or is gone. Batch gives its own verdict, and a
        deleted task definition can't be read."""
        if change.backend != "ecs":
            return None
        try:
            return self.define(change.definition)
        except NoDefinition:
            return None
