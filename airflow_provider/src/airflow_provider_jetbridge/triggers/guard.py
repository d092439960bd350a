"""When a task may be resumed: two limits that Airflow itself needs.

Both belong to a triggerer process, not to a run.
"""

import asyncio
import time

from airflow_provider_jetbridge import settings

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
    Airflow 3.3.2 guards the state ``scheduled`` alone). Such a worker process may need several
    seconds to end, since it uploads its log first. Resumes at 7 s or later were not failed in
    measurements; the default doubles that.

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


class ResumeRate:
    """Spaces out the resumes of one triggerer process.

    The triggerer uploads the log of each ending trigger in the loop that also sends its
    heartbeat (triggerer_job_runner.py, ``TriggerRunnerSupervisor``), so that several hundred at
    once can make a peer take it for dead.
    """

    def __init__(self) -> None:
        self._next_slot = 0.0

    async def wait_for_slot(self) -> None:
        now = time.monotonic()
        slot = max(now, self._next_slot)
        self._next_slot = slot + 1 / settings.resumes_per_second()
        await asyncio.sleep(slot - now)


resume_rate = ResumeRate()
