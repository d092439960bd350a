"""Median and quartiles of samples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.spread import Spread

positive = st.floats(min_value=1e-6, max_value=1e6)


@given(st.lists(positive, min_size=2))
def test_the_quartiles_are_around_the_median_and_within_the_samples(samples: list[float]) -> None:
    spread = Spread.of(samples)
    tolerance = 1e-9 * max(samples)
    assert min(samples) - tolerance <= spread.low <= spread.median + tolerance
    assert spread.median - tolerance <= spread.high <= max(samples) + tolerance


@given(st.lists(positive, min_size=3, max_size=3), st.floats(min_value=1e3, max_value=1e9))
def test_one_hiccup_does_not_move_the_median_out_of_the_rest(
    samples: list[float], hiccup: float
) -> None:
    median = Spread.of([*samples, max(samples) + hiccup]).median
    assert median <= max(samples) * (1 + 1e-9)


def test_a_known_case() -> None:
    assert Spread.of([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(3.0, 2.0, 4.0)


def test_text_rounds_to_the_digits() -> None:
    assert Spread(1.234, 1.0, 1.999).text(2) == "1.23 (1.00-2.00)"


@pytest.mark.parametrize("samples", [[], [1.0]])
def test_too_few_samples_have_no_spread(samples: list[float]) -> None:
    with pytest.raises(ValueError, match="at least 2"):
        Spread.of(samples)
