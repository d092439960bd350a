"""The pauses between two looks."""

import pytest

from jetbridge_local import waiting
from jetbridge_local.waiting import LONGEST_PAUSE, SHARE, looks


class Clock:
    """The module ``time``, whose hours pass when somebody sleeps or looks."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


@pytest.mark.parametrize("took", [0.0, 0.01, 0.1, 0.4])
def test_looking_takes_a_small_share_of_the_time(clock: Clock, took: float) -> None:
    number = 0
    for _ in looks(60, pause=0.2):
        clock.now += took
        number += 1
    assert number * took <= SHARE * clock.now + took
    assert min(clock.slept) >= 0.2


def test_a_look_that_took_long_is_not_the_last_for_long(clock: Clock) -> None:
    for _ in looks(100):
        clock.now += 30
    assert set(clock.slept) == {LONGEST_PAUSE}


def test_the_last_look_is_after_the_deadline(clock: Clock) -> None:
    assert [clock.now for _ in looks(10, pause=3)] == [0, 3, 6, 9, 12]


def test_who_has_no_time_looks_once(clock: Clock) -> None:
    assert len(list(looks(0))) == 1
