"""start_run: accept a request, write its row, queue its launch."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from jetbridge.contract import StartAnswer, StartRequest
from jetbridge.domain import names
from jetbridge.domain.run import Run, Status
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs
from jetbridge.services.policy import Policy


@dataclass(frozen=True)
class Start:
    runs: Runs
    launches: Queue
    policy: Policy
    outcomes_table: str
    stop_function: str
    region: str
    clock: Callable[[], float] = time.time

    def __call__(self, request: StartRequest) -> StartAnswer:
        """Make the request a run, once, however often it comes.

        The row comes first and the message second: a crash between the two leaves a row that a
        repeated request or the sweeper launches. A repeated request gets the first one's run,
        with the first one's parameters.

        Raises:
            ContractError: the request can't be run; nothing has been written.
        """
        self.policy.check(request)
        run = Run(run_id=names.run_id(request.key), request=request, created_at=self.clock())
        created = self.runs.create(run)
        current = run if created else self.runs.get(run.run_id)
        if current is not None and current.status is Status.ACCEPTED:
            self.launches.send({"run_id": current.run_id, "launch": current.launch})
        return StartAnswer(
            run_id=run.run_id,
            duplicate=not created,
            outcomes_table=self.outcomes_table,
            stop_function=self.stop_function,
            region=self.region,
        )
