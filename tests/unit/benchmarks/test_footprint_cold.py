"""Cold starts: ratios are taken within a round, and rounds end in time."""

import pytest

from benchmarks.footprint.cold import ColdStart, ColdStarts, Round, Rounds, rotated


def start(seconds: float, cpu_seconds: float) -> ColdStart:
    return ColdStart(seconds, cpu_seconds, init_seconds=seconds / 2)


def a_round(function: tuple[float, float], *bare: tuple[float, float]) -> Round:
    bares = [start(*each) for each in bare]
    uncut = [start(3 * seconds, cpu_seconds) for seconds, cpu_seconds in bare]
    return Round({"start_run": start(*function)}, bares, uncut)


def test_ratios_are_over_the_bare_starts_of_the_same_round() -> None:
    measured = ColdStarts(
        [
            a_round((1.2, 0.6), (0.7, 0.4), (0.9, 0.4)),
            a_round((1.6, 0.6), (0.8, 0.3), (0.8, 0.3)),
            a_round((8.0, 0.9), (2.0, 0.4), (2.0, 0.5)),
        ]
    )
    assert measured.ratio("start_run").median == pytest.approx(1.6 / 0.8)
    assert measured.uncut_ratio("start_run").median == pytest.approx(1.6 / 2.4)
    assert measured.cpu_ratio("start_run").median == pytest.approx(0.6 / 0.3)
    assert measured.seconds("start_run").median == pytest.approx(1.6)
    assert measured.bare_seconds().median == pytest.approx((0.8 + 0.9) / 2)
    assert measured.uncut_seconds().median == pytest.approx((2.4 + 2.7) / 2)


def test_the_ratio_of_the_init_leaves_the_first_event_out() -> None:
    function, bare = ColdStart(1.5, 0.6, init_seconds=0.9), ColdStart(0.61, 0.4, init_seconds=0.6)
    measured = ColdStarts([Round({"start_run": function}, [bare], [bare])] * 2)
    assert measured.init_ratio("start_run").median == pytest.approx(0.9 / 0.6)


def test_a_machine_that_slows_down_between_rounds_changes_no_ratio() -> None:
    rounds = [a_round((1.5 * s, 0.6 * s), (s, 0.4 * s), (s, 0.4 * s)) for s in (1.0, 3.0, 7.0)]
    ratio = ColdStarts(rounds).ratio("start_run")
    assert (ratio.low, ratio.median, ratio.high) == pytest.approx((1.5, 1.5, 1.5))


def test_rounds_stop_at_the_most() -> None:
    assert list(Rounds(least=1, most=3, seconds=60)) == [0, 1, 2]


def test_rounds_that_take_too_long_stop_at_the_least() -> None:
    assert list(Rounds(least=2, most=9, seconds=-1)) == [0, 1]


def test_every_function_is_first_once_in_as_many_rounds() -> None:
    names = ["a", "b", "c"]
    orders = [rotated(names, number) for number in range(3)]
    assert [order[0] for order in orders] == names
    assert all(sorted(order) == names for order in orders)
    assert rotated(names, 4) == ["b", "c", "a"]
