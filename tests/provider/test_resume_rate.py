"""Many resumes at once: the triggerer never uploads so long that its peers consider it dead."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import virtual_time
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_jetbridge.triggers import guard


class Triggerer:
    """As Airflow's: in rounds, a second after the last, and one message at a time."""

    def __init__(self, upload_seconds: float) -> None:
        self._upload_seconds = upload_seconds
        self._supervisor = asyncio.Lock()
        self._ended = 0
        self.rounds: list[int] = []
        self.questions = 0

    def ends(self) -> None:
        self._ended += 1

    async def run(self) -> None:
        while True:
            ended, self._ended = self._ended, 0
            async with self._supervisor:
                await asyncio.sleep(ended * self._upload_seconds)
            self.rounds.append(ended)
            await asyncio.sleep(1)

    async def ask(self) -> None:
        self.questions += 1
        async with self._supervisor:
            await asyncio.sleep(0.02)


class Burst:
    """So many triggers that have their outcome at the same time."""

    def __init__(self, upload_seconds: float) -> None:
        self.triggerer = Triggerer(upload_seconds)
        self.rate = guard.ResumeRate()
        self.resumed: list[int] = []
        self.times: list[float] = []
        self.ask: Any = self.triggerer.ask

    async def trigger(self, number: int) -> None:
        await self.rate.wait_for_slot(self.ask)
        self.resumed.append(number)
        self.times.append(asyncio.get_running_loop().time())
        self.triggerer.ends()

    async def everybody(self, triggers: int) -> None:
        rounds = asyncio.create_task(self.triggerer.run())
        await asyncio.gather(*(self.trigger(number) for number in range(triggers)))
        while sum(self.triggerer.rounds) < triggers:
            await asyncio.sleep(1)
        rounds.cancel()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        async def scenario(loop: virtual_time.VirtualLoop) -> None:
            patch.setattr(guard, "time", SimpleNamespace(monotonic=loop.time))
            await coroutine

        with pytest.MonkeyPatch.context() as patch:
            virtual_time.run(scenario)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.floats(0.01, 1.5))
def test_rounds_stay_short_however_slow_an_upload_is(triggers: Any, upload_seconds: Any) -> None:
    burst = Burst(upload_seconds)
    burst.run(burst.everybody(triggers))
    assert burst.resumed == list(range(triggers))
    assert sum(burst.triggerer.rounds) == triggers
    assert max(burst.triggerer.rounds) <= 2 * guard.AT_ONCE


@given(st.integers(2, 200))
def test_a_burst_is_released_at_20_a_second_at_most(triggers: Any) -> None:
    burst = Burst(0.01)
    burst.run(burst.everybody(triggers))
    assert burst.times[0] == 0
    assert all(later - earlier >= 1 / 20 - 1e-9 for earlier, later in pairwise(burst.times))
    assert burst.times[min(triggers, guard.AT_ONCE) - 1] == pytest.approx(
        (min(triggers, guard.AT_ONCE) - 1) / 20
    )


def test_a_rate_alone_would_not_do() -> None:
    """What the limit is for: with nobody asked, each round is longer than the one before."""

    async def nobody() -> None: ...

    burst = Burst(0.6)
    burst.ask = nobody
    burst.run(burst.everybody(500))
    assert max(burst.triggerer.rounds) > 10 * guard.AT_ONCE


def test_a_fast_triggerer_is_not_slowed_much() -> None:
    burst = Burst(0.02)
    took: list[float] = []

    async def timed() -> None:
        await burst.everybody(500)
        took.append(asyncio.get_running_loop().time())

    burst.run(timed())
    assert took[0] < 500 / 6


def test_few_resumes_ask_nothing() -> None:
    burst = Burst(0.1)

    async def one_each_ten_seconds() -> None:
        for number in range(50):
            await burst.trigger(number)
            await asyncio.sleep(10)

    burst.run(one_each_ten_seconds())
    assert burst.triggerer.questions == 0


def test_an_airflow_that_cannot_be_asked_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise RuntimeError("no connection to the supervisor")

    burst = Burst(0.1)
    burst.ask = fails
    burst.run(burst.everybody(50))
    assert len(burst.resumed) == 50
    assert (
        "can't ask the triggerer whether it keeps up: no connection to the supervisor"
        in caplog.text
    )


def test_a_trigger_that_is_cancelled_while_it_waits_leaves_its_place() -> None:
    burst = Burst(0.1)

    async def some_cancelled() -> None:
        tasks = [asyncio.create_task(burst.trigger(number)) for number in range(40)]
        await asyncio.sleep(0.3)
        for task in tasks[1::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    burst.run(some_cancelled())
    assert {number for number in range(40) if number % 2 == 0} <= set(burst.resumed)
