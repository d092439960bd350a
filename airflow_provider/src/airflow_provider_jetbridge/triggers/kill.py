"""Stops the runs of killed tasks. It handles a burst of kills together, and ignores triggers that
Airflow only moved."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import defaultdict
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from airflow_provider_jetbridge.back_off import back_off
from airflow_provider_jetbridge.triggers.killed import Killed, StopTarget, not_deferred
from airflow_provider_jetbridge.triggers.stops import Stopper

log = logging.getLogger(__name__)

QUIET_SECONDS = 1.0
"""The reaper looks at kills when no new kill has come for this time. A triggerer delivers kills
once a second."""

LONGEST_WAIT_SECONDS = 3.0
"""… and at the latest this long after the first kill."""

ATTEMPTS = 6
FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 2.0, 64.0


class Reaper:
    """Decides which kills are real, and stops their runs.

    When a user marks or clears a task, Airflow calls ``on_kill`` of its trigger, or before 3.3
    cancels the trigger. But it does the same for every trigger of a triggerer that it thought was
    dead and that comes back, and for a task that was resumed from outside (triggerer_job_runner.py,
    ``TriggerRunnerSupervisor.update_triggers`` can't distinguish these). So the reaper stops a run
    only if Airflow says that the task isn't deferred any more, and if the run has no outcome yet.
    stop_run also refuses to stop a run that another try waits for.

    The reaper runs in the triggerer's event loop and outlives the killed triggers. Their
    ``on_kill`` has only about a second, because the triggerer cancels it again in each of its
    rounds (``TriggerStateSync.to_cancel``), regardless of ``[triggerer] on_kill_timeout``.
    """

    _reapers: ClassVar[dict[asyncio.AbstractEventLoop, Reaper]] = {}

    @classmethod
    def shared(cls) -> Reaper:
        """The reaper of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in cls._reapers:
            cls._reapers[loop] = cls(loop)
        return cls._reapers[loop]

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[str, Killed] = {}
        self._last_came = 0.0
        self._stoppers: dict[StopTarget, Stopper] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jetbridge-stops")
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, killed: Killed) -> None:
        """Take one kill. The reaper looks at it together with others that come at the same time."""
        self._last_came = self._loop.time()
        if not self._waiting:
            self._begin(self._look())
        self._waiting[killed.run_id] = killed

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # Don't use the trigger's context, because Airflow closes the trigger's log.
        task = self._loop.create_task(coroutine, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self) -> None:
        """Wait until no more kills come, and stop the runs of the real ones."""
        kills: list[Killed] = []
        try:
            await self._rest()
            kills = list(self._waiting.values())
            self._waiting = {}
            meant = await self._meant(kills)
        except asyncio.CancelledError:
            _say_left(kills or self._waiting.values())
            raise
        except Exception as error:
            self._later(kills, f"{type(error).__name__}: {error}")
            return
        by_target: dict[StopTarget, list[Killed]] = defaultdict(list)
        for killed in meant:
            by_target[killed.target].append(killed)
        # A thread still finishes when the triggerer shuts down and cancels this coroutine.
        stops = [
            self._loop.run_in_executor(self._thread, self._stoppers[target].stop, some)
            for target, some in by_target.items()
        ]
        for (target, _), stop in zip(by_target.items(), stops, strict=True):
            if failed := await stop:
                self._stoppers.pop(target, None)
                self._later(failed, "stop_run could not be called")

    async def _rest(self) -> None:
        deadline = self._loop.time() + LONGEST_WAIT_SECONDS
        while (rest := min(self._last_came + QUIET_SECONDS, deadline) - self._loop.time()) > 0:
            await asyncio.sleep(rest)

    async def _meant(self, kills: list[Killed]) -> list[Killed]:
        meant = await not_deferred(kills)
        # Connect now, because a triggerer can't ask Airflow for a connection any more while it
        # shuts down.
        for target in {killed.target for killed in meant} - self._stoppers.keys():
            stopper = Stopper(target)
            await stopper.connect()
            self._stoppers[target] = stopper
        return meant

    def _later(self, kills: list[Killed], problem: str) -> None:
        """Try these again with growing delays, up to `ATTEMPTS` times."""
        again = [killed.again() for killed in kills if killed.attempts + 1 < ATTEMPTS]
        if given_up := [killed for killed in kills if killed.attempts + 1 >= ATTEMPTS]:
            log.error("Killed runs may still be running (%s): %s", problem, _names(given_up))
        if again:
            log.warning("%d killed runs are not stopped yet: %s", len(again), problem)
            self._begin(self._take_again(again))

    async def _take_again(self, kills: list[Killed]) -> None:
        try:
            least = min(each.attempts for each in kills)
            await asyncio.sleep(back_off(FIRST_BACK_OFF_SECONDS, least, LONGEST_BACK_OFF_SECONDS))
        except asyncio.CancelledError:
            _say_left(kills)
            raise
        for killed in kills:
            self.take(killed)


def _say_left(kills: Iterable[Killed]) -> None:
    log.warning(
        "The triggerer ends before Airflow has said whether these runs' tasks were killed or only "
        "moved, so the runs aren't stopped: %s",
        _names(kills),
    )


def _names(kills: Iterable[Killed]) -> str:
    return ", ".join(f"{killed.run_id} ({killed.task})" for killed in kills)
