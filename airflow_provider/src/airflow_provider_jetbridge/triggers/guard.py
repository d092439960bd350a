"""When a task may be resumed. Airflow itself needs both limits.

Both apply to a triggerer process, not to a run.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

from airflow_provider_jetbridge import settings

log = logging.getLogger(__name__)

LONG_DEFERRED_SECONDS = 60.0
"""After this time every scheduler has seen that the task is deferred."""


def hold_seconds(
    *, trigger_ran_for: float, deferred_for: float, resume_hold: float | None = None
) -> float:
    """How many more seconds an event must be held.

    When a task defers, its process ends, and the executor reports "success". If the task resumes
    before the scheduler has handled that report, the scheduler fails the task: "Executor reported
    that the task instance finished with state success, but the task instance's state attribute is
    queued" (scheduler_job_runner.py, ``process_executor_events``; apache/airflow#66374, #67287,
    #71580). Airflow 3.3.2 prevents this only in the state ``scheduled``. `executor` knows the cases
    without this race. The worker process may need several seconds to end, because it first uploads
    its log. In measurements, Airflow failed no task that resumed after 7 s or later. The default is
    twice as long.

    Args:
        trigger_ran_for: seconds since this trigger started, by this process's monotonic clock. A
            trigger starts a moment after its task was deferred, so this doesn't compare the clocks
            of two machines. But it starts again when a triggerer restarts, so `deferred_for` is
            needed, too.
        deferred_for: seconds since the task was deferred, from the worker's clock to the
            triggerer's. After `LONG_DEFERRED_SECONDS` no event is held. So the two clocks may
            differ by 45 s.
        resume_hold: in seconds. None takes ``[jetbridge] resume_hold_seconds``.
    """
    if resume_hold is None:
        resume_hold = settings.resume_hold_seconds()
    return max(0.0, min(resume_hold - trigger_ran_for, LONG_DEFERRED_SECONDS - deferred_for))


AT_ONCE = 10
"""The most resumes that may be in flight before Airflow is known to have handled some of them."""

ROUND_SECONDS = 1.1
"""A triggerer looks for ended triggers once a second, counted from the answer to its last look
(triggerer_job_runner.py, ``TriggerRunner.arun``)."""

FORGOTTEN_SECONDS = 60.0
"""After this time Airflow has handled a resume, or it has taken the triggerer for dead."""


class ResumeRate:
    """Spaces out the resumes of one triggerer process.

    In each round the triggerer uploads the logs of all triggers that have ended since the last
    round. It does so in the loop that also sends its heartbeat (triggerer_job_runner.py,
    ``TriggerRunnerSupervisor._handle_request``). The time of an upload depends on S3 and the
    machine, so no fixed rate is slow enough. While the triggerer uploads, more triggers end, and
    each round takes longer than the one before, until a peer takes the triggerer for dead. So only
    `AT_ONCE` resumes may be in flight. Before more, this class asks Airflow a question, and Airflow
    answers it after its uploads. An answer may come a round too early, so a round has at most twice
    `AT_ONCE` uploads.
    """

    def __init__(self) -> None:
        self._next_slot = 0.0
        self._out: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def wait_for_slot(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Return when one more task may be resumed, in the order of the calls.

        Args:
            ask: asks Airflow's triggerer any question, over the connection that also reports ended
                triggers. If it raises, only the rate is kept.
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
            log.warning("The trigger can't ask the triggerer whether it keeps up: %s", error)
        self._drop_before(max(oldest, asked - ROUND_SECONDS))

    def _drop_before(self, moment: float) -> None:
        while self._out and self._out[0] <= moment:
            self._out.popleft()


resume_rate = ResumeRate()
