"""Stops the runs of killed tasks: a burst of kills together, and none that Airflow only moved."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import defaultdict
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from airflow_provider_jetbridge.triggers.killed import Killed, StopTarget, not_deferred
from airflow_provider_jetbridge.triggers.stops import Stopper

log = logging.getLogger(__name__)

QUIET_SECONDS = 1.0
"""Kills are looked at when none has come for so long; a triggerer hands them out once a second."""

LONGEST_WAIT_SECONDS = 3.0
"""… and at the latest so long after the first."""

ATTEMPTS = 6
FIRST_BACK_OFF_SECONDS = 2.0


class Reaper:
    """Decides which kills were meant, and has those runs stopped.

    Airflow calls a trigger's ``on_kill``, and before 3.3 cancels the trigger, when a user has
    marked or cleared its task; but also for every trigger of a triggerer that was taken for dead
    and comes back, and for one whose task was resumed from outside (triggerer_job_runner.py,
    ``TriggerRunnerSupervisor.update_triggers`` can't tell these apart). So a run is stopped only if
    Airflow says that its task isn't deferred any more, and its outcome isn't known yet; stop_run's
    fence keeps what another try waits for.

    It lives in the triggerer's event loop and outlives the triggers that are killed: their
    ``on_kill`` gets about a second, because the triggerer cancels it anew in each of its rounds
    (``TriggerStateSync.to_cancel``), whatever ``[triggerer] on_kill_timeout`` says.
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
        """Look at this one, together with others that come at the same time."""
        self._last_came = self._loop.time()
        if not self._waiting:
            self._begin(self._look())
        self._waiting[killed.run_id] = killed

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # Not in the context of the trigger, whose log Airflow closes.
        task = self._loop.create_task(coroutine, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self) -> None:
        """Wait until no more kills come, and stop what was meant."""
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
        # A thread goes on to its end when a triggerer that shuts down cancels this coroutine.
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
        # Now, because a triggerer that shuts down can't ask Airflow for a connection any more.
        for target in {killed.target for killed in meant} - self._stoppers.keys():
            stopper = Stopper(target)
            await stopper.connect()
            self._stoppers[target] = stopper
        return meant

    def _later(self, kills: list[Killed], problem: str) -> None:
        """Look at them again, with growing delays, `ATTEMPTS` times in all."""
        again = [killed.again() for killed in kills if killed.attempts + 1 < ATTEMPTS]
        if given_up := [killed for killed in kills if killed.attempts + 1 >= ATTEMPTS]:
            log.error("Killed runs may go on (%s): %s", problem, _names(given_up))
        if again:
            log.warning("%d killed runs are not stopped yet: %s", len(again), problem)
            self._begin(self._take_again(again))

    async def _take_again(self, kills: list[Killed]) -> None:
        try:
            await asyncio.sleep(FIRST_BACK_OFF_SECONDS * 2 ** min(each.attempts for each in kills))
        except asyncio.CancelledError:
            _say_left(kills)
            raise
        for killed in kills:
            self.take(killed)


def _say_left(kills: Iterable[Killed]) -> None:
    log.warning(
        "The triggerer ends before Airflow said whether these runs' tasks were killed or only"
        " moved, so they are left alone: %s",
        _names(kills),
    )


def _names(kills: Iterable[Killed]) -> str:
    return ", ".join(f"{killed.run_id} ({killed.task})" for killed in kills)
