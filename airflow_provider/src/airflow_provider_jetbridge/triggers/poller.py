"""One reader of the outcomes table for all waiting tasks of a triggerer process."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import random
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import ClassVar

from asgiref.sync import sync_to_async

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.back_off import back_off
from airflow_provider_jetbridge.triggers.feed import Feed
from airflow_provider_jetbridge.triggers.outcomes import (
    News,
    OutcomesReader,
    OutcomesTable,
    Reading,
)
from airflow_provider_jetbridge.triggers.rounds import Rounds
from airflow_provider_jetbridge.triggers.waiters import Waiter

log = logging.getLogger(__name__)

MAX_BACK_OFF_SECONDS = 30.0

FEW_RUNS = 25
"""Up to this many runs are all looked up in each pass, in one BatchGetItem.

This is one call, like the Query. A completion then needs no second call and doesn't wait for the
index. For more runs it would cost too much: DynamoDB charges half a read unit for each key, found
or not. It also charges half a unit for a Query with up to some forty completions of the last
minute.
"""


class OutcomePoller:
    """Looks up which runs have ended once per interval, and hands each outcome to its triggers.

    Only the event loop changes the state, and boto3 runs in one thread. The index says which runs
    have ended, so the number of calls depends on completions and not on waiting tasks. Each waiting
    run is also looked up once a minute, so nothing depends on having seen a change
    (`rounds.Rounds`).
    """

    _pollers: ClassVar[dict[tuple[asyncio.AbstractEventLoop, OutcomesTable], OutcomePoller]] = {}

    @classmethod
    def shared(cls, table: OutcomesTable) -> OutcomePoller:
        """The poller for this table in the running event loop. Makes one if there is none."""
        key = (asyncio.get_running_loop(), table)
        if key not in cls._pollers:
            cls._pollers[key] = cls(table, on_end=lambda: cls._pollers.pop(key, None))
        return cls._pollers[key]

    def __init__(self, table: OutcomesTable, on_end: Callable[[], object]) -> None:
        self.table = table
        self._on_end = on_end
        self._reader = OutcomesReader(table)
        self._feed = Feed(self._reader)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jetbridge-outcomes")
        self._waiting: dict[str, list[Waiter]] = {}
        self._rounds = Rounds()
        self._failed_passes = 0
        self._nobody_waits = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """The number of runs that triggers wait for."""
        return len(self._waiting)

    async def news(self, run_id: str, *, eager: bool = False) -> AsyncGenerator[News]:
        """Yield the news about a run: its waits and launches when they change, then its outcome.

        The next pass finds the records that exist already. A launch between two passes may be
        missed.

        Args:
            eager: look the run up in each pass, so that its launch is known at once. Otherwise it
                may take up to a minute if many runs wait.
        """
        waiter = Waiter()
        self._waiting.setdefault(run_id, []).append(waiter)
        self._rounds.add(run_id, eager)
        self._nobody_waits.clear()
        if self._task is None:
            # Use an empty context, because the poller's own lines belong to no task's log.
            self._task = asyncio.create_task(self._poll(), context=contextvars.Context())
        try:
            while True:
                await waiter.changed.wait()
                waiter.changed.clear()
                news, waiter.news = waiter.news, []
                for each in news:
                    yield each
                    if each.kind == "outcome":
                        return
                if waiter.error is not None:
                    raise waiter.error
        finally:
            self._forget(run_id, waiter)

    async def outcome(self, run_id: str) -> str:
        """Wait for the outcome of a run, as JSON text."""
        async with aclosing(self.news(run_id)) as news:
            return [each.text async for each in news][-1]

    def _forget(self, run_id: str, waiter: Waiter) -> None:
        waiters = self._waiting.get(run_id, [])
        waiters.remove(waiter)
        if not waiters:
            del self._waiting[run_id]
            self._rounds.discard(run_id)
        if not self._waiting:
            self._nobody_waits.set()

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                began = loop.time()
                reading = await self._pass()
                self._hand_over(reading)
                await self._pause(self._delay(reading) - (loop.time() - began))
        except Exception as error:
            for waiter in self._waiters():
                waiter.fail(error)
        finally:
            self._on_end()
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _pass(self) -> Reading:
        if not self._reader.connected:
            try:
                # Asking Airflow for a connection from a thread that isn't asgiref's kills the
                # triggerer of Airflow 3.0 ("Response read out of order", TriggerCommsDecoder).
                await sync_to_async(self._reader.connect)()
            except Exception as error:
                return Reading(error=error)
        reading = await self._read()
        if reading.error is not None:
            self._reader.disconnect()
        return reading

    async def _read(self) -> Reading:
        loop = asyncio.get_running_loop()
        query = Reading()
        ended: list[str] | None = None
        if len(self._waiting) > FEW_RUNS:
            try:
                ended = await self._feed.ended(self._thread)
            except Exception as error:
                query.error = error
                if not query.answered:
                    return query
                ended = []
        if ended is None:
            keys = self._rounds.everything()
        else:
            keys = self._rounds.due(loop.time(), ended, self._longest_pause())
        if not keys:
            return query
        began = loop.time()
        reading = await loop.run_in_executor(self._thread, self._reader.read, keys)
        self._rounds.looked_up(keys, began, reading.unread)
        reading.error = reading.error or query.error
        return reading

    def _hand_over(self, reading: Reading) -> None:
        for run_id, news in reading.news.items():
            for waiter in self._waiting.get(run_id, []):
                for each in news:
                    waiter.add(each)

    def _delay(self, reading: Reading) -> float:
        """Seconds from the start of this pass to the start of the next. Logs a new problem once."""
        interval = settings.poll_interval_seconds()
        if reading.error is None:
            if self._failed_passes:
                log.info("Outcomes table %s can be read again", self.table.name)
            self._failed_passes = 0
            return interval
        if not self._failed_passes:
            self._report(reading)
        self._failed_passes += 1
        pause = back_off(interval, self._failed_passes, MAX_BACK_OFF_SECONDS)
        # This spreads calls over time and needs no secrecy.
        return pause * random.uniform(0.5, 1.0)  # nosec B311

    def _longest_pause(self) -> float:
        interval = settings.poll_interval_seconds()
        return max(interval, MAX_BACK_OFF_SECONDS) if self._failed_passes else interval

    def _report(self, reading: Reading) -> None:
        message = (
            f"Outcomes table {self.table.name} can't be read: "
            f"{type(reading.error).__name__}: {reading.error}. Trying again until it can"
        )
        log.warning("%s", message)
        if reading.needs_a_person:
            for waiter in self._waiters():
                waiter.warn(message)

    def _waiters(self) -> list[Waiter]:
        return [waiter for waiters in self._waiting.values() for waiter in waiters]

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._nobody_waits.wait(), max(seconds, 0))
        except TimeoutError:
            return
