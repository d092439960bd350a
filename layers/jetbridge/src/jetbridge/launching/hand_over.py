"""Hand an ended run to the finish queue: the step between the commit and its acknowledgement."""

from dataclasses import dataclass

from jetbridge.concurrency.port import Groups
from jetbridge.queues.messages import FinishMessage
from jetbridge.queues.port import Queue
from jetbridge.runs.run import Run, Status


@dataclass(frozen=True)
class HandOver:
    finishes: Queue[FinishMessage]
    groups: Groups | None = None

    def __call__(self, run: Run | None) -> None:
        """Queue the finish of an ended run until it is finished, and free its slot.

        Nobody notes that the message was sent: whoever hears of the end once more before the run
        is finished sends another one. That is harmless, since sealing is a conditional put. The
        slot is freed however often this comes: a launch that lost to the end may have taken it
        meanwhile.
        """
        if run is None or run.status is not Status.ENDED:
            return
        group = run.request.concurrency_group
        if self.groups is not None and group is not None:
            self.groups.release(group, run.run_id)
        if not run.finished:
            self.finishes.send(FinishMessage(run_id=run.run_id))
