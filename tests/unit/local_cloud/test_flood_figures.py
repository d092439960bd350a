"""The flood's figures, from floods whose figures are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetbridge_local.flood.errors import FloodFailed
from jetbridge_local.flood.figures import Flood, percentile
from jetbridge_local.flood.starts import Start

OTHER = Start("other", 105.0, 105.2)


def a_flood(launches: dict[str, list[float]], count: int = 4) -> Flood:
    starts = [Start(f"run-{n}", 100.0 + n, 100.5 + n) for n in range(count)]
    return Flood(starts=starts, other=OTHER, launches=launches, per_second=2.0)


def all_launched() -> dict[str, list[float]]:
    return {
        "run-0": [101.0],
        "run-1": [102.0],
        "run-2": [103.0],
        "run-3": [107.5],
        "other": [106.0],
    }


def test_each_run_launched_once() -> None:
    flood = a_flood(all_launched())
    assert (flood.launched, flood.launched_twice, flood.lost) == (4, 0, 0)
    assert flood.seconds == 7.0
    assert flood.ideal_seconds == 2.0
    assert flood.other_caller_delay == 1.0


def test_what_waited_when_the_other_caller_came() -> None:
    assert a_flood(all_launched()).waiting_before_the_other == 1


def test_what_was_launched_while_the_other_caller_waited() -> None:
    assert a_flood(all_launched()).launched_before_the_other == 0
    launched = all_launched() | {"run-2": [105.5], "run-3": [105.9], "other": [107.0]}
    assert a_flood(launched).launched_before_the_other == 2


def test_a_run_without_a_task_is_lost() -> None:
    launches = all_launched()
    del launches["run-2"]
    flood = a_flood(launches)
    assert (flood.launched, flood.lost) == (3, 1)


def test_the_other_caller_s_run_may_be_lost_as_well() -> None:
    launches = all_launched()
    del launches["other"]
    flood = a_flood(launches)
    assert flood.lost == 1
    with pytest.raises(FloodFailed, match="other"):
        _ = flood.other_caller_delay


def test_a_second_task_is_seen_and_delays_no_end() -> None:
    flood = a_flood(all_launched() | {"run-1": [102.0, 110.0]})
    assert (flood.launched, flood.launched_twice) == (4, 1)
    assert flood.seconds == 7.0


def test_nothing_launched_is_no_figure() -> None:
    with pytest.raises(FloodFailed, match="nothing"):
        _ = a_flood({}).seconds


def test_most_launches_in_a_second() -> None:
    launches = {"run-0": [101.0], "run-1": [101.5], "run-2": [101.9], "run-3": [102.0]}
    assert a_flood(launches).most_in_a_second == 3


@given(st.lists(st.floats(0, 1e3), min_size=1), st.sampled_from([1, 50, 99, 100]))
def test_a_percentile_is_a_sample_with_enough_samples_below(
    samples: list[float], percent: float
) -> None:
    found = percentile(samples, percent)
    assert found in samples
    assert sum(sample <= found for sample in samples) >= percent / 100 * len(samples)
    assert sum(sample < found for sample in samples) < percent / 100 * len(samples)
