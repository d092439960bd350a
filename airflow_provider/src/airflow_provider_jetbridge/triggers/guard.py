"""When a task may be resumed: two limits that Airflow itself needs.

Both belong to a triggerer process, not to a run.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

from airflow_provider_jetbridge import settings

log = logging.getLogger(__name__)

LONG_DEFERRED_SECONDS = 60.0
"""A task deferred so long ago has been seen as deferred by every scheduler."""


def hold_seconds(
    *, trigger_ran_for: float, deferred_for: float, resume_hold: float | None = None
) -> float:
    """How long an event has to wait yet.

    A task that is resumed before the scheduler has handled the executor's "success" of the
    process that deferred it is failed by the scheduler: "Executor reported that the task
    instance finished with state success, but the task instance's state attribute is queued"
    (scheduler_job_runner.py, ``process_executor_events``; apache/airflow#66374, #67287, #71580;
    Airflow 3.3.2 guards the state ``scheduled`` alone). `executor` knows where that can't be. Such
    a worker process may need several seconds to end, since it uploads its log first. Resumes at
    7 s or later were not failed in measurements; the default doubles that.

    Args:
        trigger_ran_for: seconds since this trigger began to run, in this process's monotonic
            clock. A trigger begins to run a moment after its task was deferred, so no clocks of
            two machines are compared; but it begins again when a triggerer restarts, hence:
        deferred_for: seconds since the task was deferred, from the worker's clock to the
            triggerer's. Over `LONG_DEFERRED_SECONDS` nothing is held, which allows the two
            clocks to differ by 45 s.
        resume_hold: seconds; None takes ``[jetbridge] resume_hold_seconds``.
    """
    if resume_hold is None:
        resume_hold = settings.resume_hold_seconds()
    return max(0.0, min(resume_hold - trigger_ran_for, LONG_DEFERRED_SECONDS - deferred_for))


AT_ONCE = 10
"""So many tasks are resumed before Airflow is seen to have dealt with some of them."""

ROUND_SECONDS = 1.1
"""A triggerer looks for triggers that have ended once a second, and so long after its last look
has been answered (triggerer_job_runner.py, ``TriggerRunner.arun``)."""

FORGOTTEN_SECONDS = 60.0
"""What was resumed so long ago is dealt with, or the triggerer has been taken for dead."""


class ResumeRate:
    """Spaces out the resumes of one triggerer process.

    The triggerer uploads the log of each ending trigger in the loop that also sends its
    heartbeat, all that have ended since its last round in one go (triggerer_job_runner.py,
    ``TriggerRunnerSupervisor._handle_request``). How long an upload takes is S3's and the
    machine's affair, so no fixed rate is slow enough: while it uploads, more triggers end, and
    each round is longer than the one before, until a peer takes the triggerer for dead. So only
    `AT_ONCE` may be out; for more, Airflow is asked something, which it answers after its uploads.
    An answer may come a round too early, so that a round has at most twice `AT_ONCE` uploads.
    """

    def __init__(self) -> None:
        self._next_slot = 0.0
        self._out: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def wait_for_slot(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Return when one more task may be resumed, in the order of the calls.

        Args:
            ask: asks Airflow's triggerer anything, through the connection that its end of a
                trigger reports with. If it raises, the rate alone is kept.
        """
        async with self._turn:
            await asyncio.sleep(max(0.0, self._next_slot - time.monotonic()))
            self._drop_before(time.monotonic() - FORGOTTEN_SECONDS)
            while len(self._out) >= AT_ONCE:
                await self._see_through(ask)
            now = time.monotonic()
            self._out.append(now)
            self._next_slot = now + 1 / settings.resumes_per_second()

    async def _see_through(self, ask: Callable[[], Awaitable[object]]) -> None:
        oldest = self._out[0]
        await asyncio.sleep(max(0.0, oldest + ROUND_SECONDS - time.monotonic()))
        asked = time.monotonic()
        try:
            await ask()
        except Exception as error:
            log.warning("The triggerer can't be asked whether it keeps up: %s", error)
        self._drop_before(max(oldest, asked - ROUND_SECONDS))

    def _drop_before(self, moment: float) -> None:
        while self._out and self._out[0] <= moment:
            self._out.popleft()


resume_rate = ResumeRate()
