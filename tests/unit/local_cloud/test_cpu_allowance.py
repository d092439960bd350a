"""How much a process gets that uses everything it may, however late it is looked at."""

from hypothesis import given
from hypothesis import strategies as st

from jetbridge_local.functions.cpu import PERIOD_SECONDS, Allowance, share_of

LATE = st.lists(st.floats(0, 0.05), min_size=60, max_size=200)


def test_shares_are_in_proportion_to_1769_mb() -> None:
    assert share_of(1769) == 1
    assert round(share_of(256), 3) == 0.145
    assert share_of(3538) == 2


@given(share=st.floats(0.05, 0.95), late=LATE)
def test_a_busy_process_gets_its_share_and_no_more(share: float, late: list[float]) -> None:
    allowance = Allowance(share, began=100.0, used=3.0)
    now, used, longest = 100.0, 3.0, 0.0
    for delay in late:
        runs, seconds = allowance.pause(now, used)
        passed = seconds + delay
        now += passed
        if runs:
            used += passed
            longest = max(longest, passed)
    got, time = used - 3.0, now - 100.0
    quota = share * PERIOD_SECONDS
    assert got <= share * time + quota + longest
    # What it is late by when it might run again is lost, once in each turn.
    assert got >= share * (time - sum(late)) - quota - PERIOD_SECONDS


@given(share=st.floats(0.05, 0.95), idle=st.floats(0, 10))
def test_what_an_idle_period_leaves_over_is_not_kept(share: float, idle: float) -> None:
    allowance = Allowance(share, began=0.0, used=0.0)
    runs, seconds = allowance.pause(idle, 0.0)
    assert runs
    assert seconds <= max(share * PERIOD_SECONDS, 0.0003)


@given(share=st.floats(0.05, 0.95), too_much=st.floats(0.001, 1))
def test_a_process_waits_for_the_time_that_it_took_too_much(share: float, too_much: float) -> None:
    allowance = Allowance(share, began=0.0, used=0.0)
    quota = share * PERIOD_SECONDS
    runs, seconds = allowance.pause(0.0, quota + too_much)
    assert not runs
    assert too_much / share - PERIOD_SECONDS <= seconds <= too_much / share + 2 * PERIOD_SECONDS
    runs, _ = allowance.pause(seconds + PERIOD_SECONDS, quota + too_much)
    assert runs
