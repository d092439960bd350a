"""What follows the end of a launch: another launch, or the end of the run."""

import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.aws.records import presentable
from jetbridge.failures import may_be_replaced, next_launch
from jetbridge.launching.hand_over import HandOver
from jetbridge.launching.queue_launch import queue_launch
from jetbridge.progress.waiting import WaitingWriter
from jetbridge.queues.messages import LaunchMessage
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs
from jetbridge.runs.reports import Ending, StateChange
from jetbridge.runs.run import Relaunch, Run, Status


class Endings(Struct, frozen=True):
    """Records how a launch ended in one conditional write, and then sends the next message: to the
    finish queue if the run has ended, to the launch queue if another launch replaces this one.

    ``keeps_pulls``: rows say when images were pulled, which only traces show.
    """

    runs: Runs
    hand_over: HandOver
    launches: Queue[LaunchMessage]
    clock: Callable[[], float] = time.time
    waits: WaitingWriter | None = None
    keeps_pulls: bool = False

    def after_change(self, change: StateChange) -> Run | None:
        """Record a state change if it ended a launch. The row is read first only where it decides
        whether another launch follows."""
        ending = change.ending
        if ending is None:
            return None
        if not self.keeps_pulls:
            ending = replace(ending, pull_started_at=None, pull_stopped_at=None)
            change = replace(change, ending=ending)
        if not may_be_replaced(ending):
            run = self.runs.apply(change).row
            self.follow_up(run, change.launch)
            return run

        def write(relaunch: Relaunch | None) -> Run | None:
            written = self.runs.apply(change, relaunch)
            return written.row if written.changed else None

        return self._settle(change.run_id, change.launch, ending, change.backend_id, write)

    def after_launch(self, run: Run, ending: Ending) -> Run | None:
        """Record an end of the run's current launch that no event will report. A long reason, such
        as AWS may give when it refuses a launch, is cut to its beginning and end."""
        ending = replace(ending, code=presentable(ending.code), reason=presentable(ending.reason))

        def write(relaunch: Relaunch | None) -> Run | None:
            return self.runs.end(run.run_id, run.launch, ending, relaunch)

        return self._settle(run.run_id, run.launch, ending, run.backend_id, write)

    def follow_up(self, run: Run | None, launch: int) -> None:
        """If ``launch`` has ended, send the message that follows its end. It may be sent already: a
        crash may have come between the write and the message. Repeated messages are harmless."""
        if run is None:
            return
        if run.launch > launch and run.status is Status.ACCEPTED:
            queue_launch(self.launches, run, self.clock())
            if self.waits is not None:
                self.waits.for_another_launch(run)
        self.hand_over(run)

    def _settle(
        self,
        run_id: str,
        launch: int,
        ending: Ending,
        backend_id: str | None,
        write: Callable[[Relaunch | None], Run | None],
    ) -> Run | None:
        run = self.runs.get(run_id)
        # The second round is for a stop that was requested between the read and the write.
        for _ in range(2):
            if run is None or run.launch != launch or run.status is Status.ENDED:
                break
            relaunch = next_launch(run, ending, self.clock(), backend_id)
            written = write(relaunch)
            if written is not None:
                run = written
                break
            run = self.runs.get(run_id)
        self.follow_up(run, launch)
        return run
