"""Pacing: never over the rate, no turn lost except a crashed holder's own, every waiter gets a
turn."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.serial import SerialDynamoDb
from jetbridge_testing.stand_ins import as_client
from jetbridge_testing.tables import create_table, fresh_table
from jetbridge_testing.workers import Counters

from jetbridge.pacing.dynamodb import DynamoPacer, Pace
from jetbridge.queues.port import NotYet

# Turns are whole microseconds, times are floats.
ERROR = 2e-6


@pytest.fixture
def table(dynamodb: Any) -> str:
    return create_table(dynamodb, "RunsTable")


def paced(client: Any, clock: Clock, pace: Pace, **more: Any) -> DynamoPacer:
    return DynamoPacer(
        as_client(client),
        "RunsTable",
        {"ecs": pace, "batch": Pace(50)},
        clock=clock,
        sleep=clock.sleep,
        **more,
    )


def most_in_a_second(times: list[float]) -> int:
    return max(sum(start <= time < start + 1 - ERROR for time in times) for start in times)


def test_turns_are_evenly_spaced_under_load(dynamodb: Any, table: str, clock: Clock) -> None:
    began = clock()
    pacer = paced(dynamodb, clock, Pace(20))
    turns = []
    for _ in range(60):
        pacer.wait_for_turn("ecs")
        turns.append(clock())
    assert turns[0] == began
    assert all(abs(later - earlier - 0.05) < ERROR for earlier, later in pairwise(turns))


def test_the_burst_comes_at_once_after_a_lull(dynamodb: Any, table: str, clock: Clock) -> None:
    pacer = paced(dynamodb, clock, Pace(20, burst=5))
    for _ in range(2):
        began = clock()
        waits = []
        for _ in range(7):
            pacer.wait_for_turn("ecs")
            waits.append(clock() - began)
        assert waits == pytest.approx([0, 0, 0, 0, 0, 0.05, 0.1], abs=1e-5)
        clock.advance(60)


def test_a_lull_saves_up_no_more_than_the_burst(dynamodb: Any, table: str, clock: Clock) -> None:
    pacer = paced(dynamodb, clock, Pace(10, burst=3))
    pacer.wait_for_turn("ecs")
    clock.advance(3600)
    slept = len(clock.slept)
    for _ in range(10):
        pacer.wait_for_turn("ecs")
    assert len(clock.slept) - slept == 7


def test_backends_have_turns_of_their_own(dynamodb: Any, table: str, clock: Clock) -> None:
    pacer = paced(dynamodb, clock, Pace(1))
    pacer.wait_for_turn("ecs")
    pacer.wait_for_turn("batch")
    assert clock.slept == []


def test_a_turn_too_far_away_is_not_taken(dynamodb: Any, table: str, clock: Clock) -> None:
    others = DynamoPacer(
        dynamodb, table, {"ecs": Pace(1)}, longest_wait=60, clock=clock, sleep=lambda _: None
    )
    for _ in range(30):
        others.wait_for_turn("ecs")
    pacer = paced(dynamodb, clock, Pace(1), longest_wait=5)
    before = dynamodb.scan(TableName=table)["Items"]
    with pytest.raises(NotYet, match=r"next turn on ecs is 30\.0 s away") as not_yet:
        pacer.wait_for_turn("ecs")
    assert dynamodb.scan(TableName=table)["Items"] == before
    clock.advance(not_yet.value.delay_seconds)
    pacer.wait_for_turn("ecs")
    assert clock.slept == [pytest.approx(5, abs=1e-3)]


def test_a_crashed_holder_costs_its_own_turn_only(dynamodb: Any, table: str, clock: Clock) -> None:
    class Crash(Exception):
        pass

    def crash(_: float) -> None:
        raise Crash

    pacer = paced(dynamodb, clock, Pace(10))
    crashing = DynamoPacer(dynamodb, table, {"ecs": Pace(10)}, clock=clock, sleep=crash)
    began = clock()
    pacer.wait_for_turn("ecs")
    with pytest.raises(Crash):
        crashing.wait_for_turn("ecs")
    pacer.wait_for_turn("ecs")
    assert clock() - began == pytest.approx(0.2, abs=1e-5)


def test_threads_together_keep_the_rate_and_lose_no_turn(dynamodb: Any, table: str) -> None:
    """Every thread has a clock of its own that stands still, so that each turn is known by how
    long it makes its holder wait."""
    pace, threads, each = Pace(20, burst=5), 8, 12
    client = SerialDynamoDb(dynamodb)
    start = threading.Barrier(threads)

    def take() -> list[float]:
        waits: list[float] = []
        pacer = DynamoPacer(
            as_client(client),
            table,
            {"ecs": pace},
            longest_wait=60,
            clock=lambda: 1_772_323_200.0,
            sleep=waits.append,
        )
        start.wait()
        for _ in range(each):
            pacer.wait_for_turn("ecs")
        return waits

    with ThreadPoolExecutor(threads) as pool:
        waits = sorted(wait for made in pool.map(lambda _: take(), range(threads)) for wait in made)
    at_once = threads * each - len(waits)
    assert at_once == pace.burst
    assert waits == pytest.approx([n / 20 for n in range(1, len(waits) + 1)], abs=1e-5)
    assert most_in_a_second([0.0] * at_once + waits) <= pace.per_second + pace.burst
    # Each turn is one call, but for the few threads that found the item missing.
    assert client.calls <= threads * each + 2 * threads


@settings(max_examples=settings().max_examples // 4)
@given(
    rate=st.sampled_from([0.5, 1, 3, 7, 20, 50, 333]),
    burst=st.integers(1, 6),
    arrivals=st.lists(
        st.tuples(
            st.floats(0, 3),  # seconds since the arrival before
            st.floats(-0.5, 0.5),  # how far this function's clock is ahead
            st.booleans(),  # whether it crashes while it waits
        ),
        min_size=2,
        max_size=40,
    ),
)
def test_never_over_the_rate_whatever_comes_when(
    dynamodb: Any, rate: float, burst: int, arrivals: list[tuple[float, float, bool]]
) -> None:
    table = fresh_table(dynamodb, "RunsTable")
    pace = Pace(rate, burst)
    now = 1_772_323_200.0
    turns: list[float] = []
    delays: list[int] = []
    for gap, ahead, crashes in arrivals:
        now += gap / rate
        waits: list[float] = []
        own = now + ahead
        pacer = DynamoPacer(
            dynamodb,
            table,
            {"ecs": pace},
            clock=lambda own=own: own,  # type: ignore[misc]
            sleep=waits.append,
        )
        try:
            pacer.wait_for_turn("ecs")
        except NotYet as not_yet:
            delays.append(not_yet.delay_seconds)
            continue
        assert sum(waits) <= 5 + ERROR
        if not crashes:
            turns.append(own + sum(waits))
    assert all(delay >= 1 for delay in delays)
    if turns:
        assert most_in_a_second(turns) <= rate + burst


@settings(max_examples=60)
@given(
    rate=st.sampled_from([0.5, 5, 20]),
    burst=st.integers(1, 6),
    takes=st.lists(
        st.tuples(st.sampled_from([1, 2, 3, 8]), st.floats(0, 3)), min_size=1, max_size=30
    ),
    yields=st.booleans(),
)
def test_turns_that_are_taken_together_are_never_over_the_rate(
    rate: float, burst: int, takes: list[tuple[int, float]], yields: bool
) -> None:
    clock, counters = Clock(), Counters()
    pace = Pace(rate, burst)
    pacer = DynamoPacer(
        as_client(counters), "t", {"ecs": pace}, clock=clock, sleep=clock.sleep, yields=yields
    )
    turns: list[float] = []
    for count, gap in takes:
        clock.advance(gap / rate)
        together = min(count, burst)
        pacer.wait_for_turn("ecs", 60, together)
        turns += [clock()] * together
    # Those that are taken together come at the time of the last one.
    most = max(min(count, burst) for count, _ in takes)
    assert most_in_a_second(turns) <= rate + burst + most - 1


def test_turns_taken_together_are_one_write(dynamodb: Any, table: str, clock: Clock) -> None:
    client = SerialDynamoDb(dynamodb)
    pacer = paced(client, clock, Pace(20, burst=5))
    pacer.wait_for_turn("ecs")
    clock.advance(60)
    before = client.calls
    pacer.wait_for_turn("ecs", turns=2)
    assert (client.calls - before, clock.slept) == (1, [])
    pacer.wait_for_turn("ecs", turns=4)
    assert clock.slept == [pytest.approx(0.05, abs=1e-5)]
    assert client.calls - before == 2


def test_a_pace_needs_a_rate_and_a_burst() -> None:
    with pytest.raises(ValueError, match="per_second"):
        Pace(0)
    with pytest.raises(ValueError, match="burst"):
        Pace(20, burst=0)


@pytest.mark.parametrize(("rate", "burst"), [(1, 1), (20, 5), (50, 13)])
def test_the_usual_burst_is_a_quarter_of_a_second(rate: float, burst: int) -> None:
    assert Pace.of(rate) == Pace(rate, burst)


@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["seal", "copy"]), st.floats(0, 0.6)), min_size=1, max_size=60
    ),
    burst=st.integers(1, 3),
)
def test_who_yields_takes_no_turn_for_which_another_may_wait(
    moves: list[tuple[str, float]], burst: int
) -> None:
    """Each move takes a turn without waiting for it, so that several wait at the same time."""
    clock, counters = Clock(), Counters()
    pace = Pace(5, burst)
    given_at: list[float] = []
    for who, pause in moves:
        clock.advance(pause)
        slept: list[float] = []
        pacer = DynamoPacer(
            as_client(counters),
            "t",
            {"logs#r": pace},
            clock=clock,
            sleep=slept.append if who == "seal" else clock.sleep,
            yields=who == "copy",
        )
        try:
            pacer.wait_for_turn("logs#r", 5 if who == "seal" else 0)
        except NotYet:
            continue
        if who == "copy":
            assert all(turn <= clock() + ERROR for turn in given_at), "somebody waits still"
        given_at.append(clock() + sum(slept))
    assert all(later - earlier >= -ERROR for earlier, later in pairwise(given_at))


def test_who_yields_waits_until_all_others_have_had_their_turns() -> None:
    clock, counters = Clock(), Counters()
    paces = {"logs#r": Pace(5)}
    others = DynamoPacer(as_client(counters), "t", paces, clock=clock, sleep=lambda seconds: None)
    for _ in range(10):
        others.wait_for_turn("logs#r")
    began = clock()
    yielding = DynamoPacer(
        as_client(counters), "t", paces, clock=clock, sleep=clock.sleep, yields=True
    )
    with pytest.raises(NotYet, match="others go first"):
        yielding.wait_for_turn("logs#r", 1)
    yielding.wait_for_turn("logs#r")
    assert clock() - began >= 10 * 0.2 - ERROR


def test_the_longest_wait_is_the_callers() -> None:
    clock, counters = Clock(), Counters()
    pacer = DynamoPacer(
        as_client(counters), "t", {"logs#r": Pace(5)}, clock=clock, sleep=lambda seconds: None
    )
    for _ in range(5):
        pacer.wait_for_turn("logs#r", 1)
    with pytest.raises(NotYet):
        pacer.wait_for_turn("logs#r", 0.25)
    pacer.wait_for_turn("logs#r", 1)
