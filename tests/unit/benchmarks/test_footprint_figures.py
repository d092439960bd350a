"""No function of the template is left without figures."""

import math

import pytest

from benchmarks.errors import BenchmarkFailed
from benchmarks.footprint import must_be_complete
from benchmarks.footprint.at_memory import AtMemory

COMPLETE = {
    "cold_ms": {"start_run": 700, "stop_run": 800},
    "warm_ms": {"start_run": 9, "stop_run": 8},
}


def test_complete_figures_pass() -> None:
    must_be_complete(COMPLETE, ["start_run", "stop_run"])


def test_a_function_without_figures_is_named() -> None:
    with pytest.raises(BenchmarkFailed, match="cold_ms of relay_logs is None"):
        must_be_complete(COMPLETE, ["start_run", "relay_logs"])


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, 0])
def test_a_figure_that_is_no_measurement_is_named(nothing: float | None) -> None:
    figures = COMPLETE | {"warm_ms": {"start_run": 9, "stop_run": nothing}}
    with pytest.raises(BenchmarkFailed, match="warm_ms of stop_run"):
        must_be_complete(figures, ["start_run", "stop_run"])


def test_cost_is_of_requests_and_gb_seconds() -> None:
    """By aws.amazon.com/lambda/pricing: a million requests $0.20, a GB-second $0.0000133334."""
    measured = AtMemory(512, cold_ms=[990, 1000, 1010], warm_ms=[99, 100, 101])
    assert measured.usd_per_million_warm == pytest.approx(0.20 + 0.05 * 13.3334)
    assert measured.usd_per_million_cold == pytest.approx(0.20 + 0.5 * 13.3334)
