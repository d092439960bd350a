"""Hand an ended run to the finish queue: the step between the commit and its acknowledgement."""

from dataclasses import dataclass

from jetbridge.domain.run import Run, Status
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs


@dataclass(frozen=True)
class HandOver:
    runs: Runs
    finishes: Queue

    def __call__(self, run: Run | None) -> None:
        """Queue the finish of an ended run that hasn't been handed over yet.

        A crash before the mark means a second message, which is harmless: sealing is a
        conditional put.
        """
        if run is None or run.status is not Status.ENDED or run.handed_over:
            return
        self.again(run)

    def again(self, run: Run) -> None:
        """Queue the finish of an ended run, whether or not it was handed over before."""
        self.finishes.send({"run_id": run.run_id})
        self.runs.mark_handed_over(run.run_id)
