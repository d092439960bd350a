"""What a trigger does when Airflow takes it away: it stops the run of a killed task."""

from __future__ import annotations

import asyncio
import contextvars
import time
from typing import Any

from airflow.triggers.base import BaseTrigger

from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.task_instance import Task
from airflow_provider_jetbridge.triggers.kill import Reaper
from airflow_provider_jetbridge.triggers.killed import Killed, StopTarget

TAKEN_AWAY_SECONDS = 0.5
"""How long after its cancel a trigger is handed to the reaper."""

CLOCKS_SECONDS = 5.0
"""The scheduler's and the triggerer's clocks are assumed to differ by less than this."""


class StopsKilledRun(BaseTrigger):
    """A trigger that hands its run to the `Reaper` when a user may have killed the task.

    The attributes are those of `JetbridgeRunTrigger`.
    """

    run_id: str
    outcomes_table: str
    region_name: str | None
    stop_function: str | None
    caller_key: str | None
    task_key: list[Any] | None
    waits_until: float | None
    airflow: str | None
    aws_conn_id: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    async def on_kill(self) -> None:
        """Stop the run if a user really killed its task. Airflow 3.3 and later call this."""
        killed = self._killed()
        if killed is None:
            self.log.warning("Run %s can't be stopped from here; it keeps running", self.run_id)
            return
        Reaper.shared().take(killed)
        self.log.info(
            "Airflow's task was marked, cleared or deleted: run %s is being stopped for that "
            "reason, unless Airflow says that the task still waits for it",
            self.run_id,
        )

    def _taken_away(self) -> None:
        """Handle a cancel by Airflow before 3.3, which doesn't say why it cancels.

        So the reaper looks at every cancelled trigger, except one whose deferral has timed out. In
        that case the worker stops the run.

        A timer calls the reaper a moment later. When a triggerer shuts down, it cancels all its
        triggers and then closes the loop, so the timer never fires.
        """
        killed = None if hasattr(BaseTrigger, "on_kill") else self._killed()
        if killed is None or self._time_is_over():
            return
        self.log.info(
            "Airflow has taken this trigger away: run %s is stopped if its task no longer waits",
            self.run_id,
        )
        loop = asyncio.get_running_loop()
        loop.call_later(TAKEN_AWAY_SECONDS, _reap, killed, context=contextvars.Context())

    def _time_is_over(self) -> bool:
        return self.waits_until is not None and time.time() > self.waits_until - CLOCKS_SECONDS

    def _killed(self) -> Killed | None:
        """The run to stop. None if the trigger doesn't know the stop function or the caller."""
        task = self._task() or (Task(*self.task_key) if self.task_key else None)
        if task is None or self.stop_function is None or self.caller_key is None:
            return None
        target = StopTarget(self.stop_function, self.outcomes_table, self._access(), self.airflow)
        return Killed(run_id=self.run_id, caller_key=self.caller_key, task=task, target=target)

    def _task(self) -> Task | None:
        """The waiting task, as Airflow gives it to its triggers."""
        ti: Any = getattr(self, "task_instance", None)
        return ti and Task.of(ti)

    def _access(self) -> AwsAccess:
        return AwsAccess.of(self.aws_conn_id, self.region_name, self.verify, self.botocore_config)


def _reap(killed: Killed) -> None:
    Reaper.shared().take(killed)
