"""Hands an ended run to the finish queue: the step after the row says that the run has ended."""

from msgspec import Struct

from jetbridge.concurrency.port import Groups
from jetbridge.queues.messages import FinishMessage
from jetbridge.queues.port import Queue
from jetbridge.runs.run import Run, Status


class HandOver(Struct, frozen=True):
    finishes: Queue[FinishMessage]
    groups: Groups | None = None

    def __call__(self, run: Run | None) -> None:
        """Queue the finish of an ended run until it is finished, and free its slot.

        Nothing records that the message was sent. If the end is reported again before the run is
        finished, another message is sent. That is harmless, since sealing is a conditional put.
        Each call frees the slot again: a launch that was too late for the end may have taken it
        since.
        """
        if run is None or run.status is not Status.ENDED:
            return
        group = run.request.concurrency_group
        if self.groups is not None and group is not None:
            self.groups.release(group, run.run_id)
        if not run.finished:
            self.finishes.send(FinishMessage(run_id=run.run_id))
