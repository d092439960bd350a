"""Hand an ended run to the finish queue: the step between the commit and its acknowledgement."""

from dataclasses import dataclass

from jetbridge.concurrency.port import Groups
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Run, Status


@dataclass(frozen=True)
class HandOver:
    runs: Runs
    finishes: Queue
    groups: Groups | None = None

    def __call__(self, run: Run | None) -> None:
        """Queue the finish of an ended run that hasn't been handed over yet, and free its slot.

        A crash before the mark means a second message, which is harmless: sealing is a
        conditional put. The slot is freed however often this comes: a launch that lost to the end
        may have taken it meanwhile.
        """
        if run is None or run.status is not Status.ENDED:
            return
        if run.handed_over:
            self._free_slot(run)
        else:
            self.again(run)

    def again(self, run: Run) -> None:
        """Queue the finish of an ended run, whether or not it was handed over before."""
        self._free_slot(run)
        self.finishes.send({"run_id": run.run_id})
        self.runs.mark_handed_over(run.run_id)

    def _free_slot(self, run: Run) -> None:
        group = run.request.concurrency_group
        if self.groups is not None and group is not None:
            self.groups.release(group, run.run_id)
