"""The samples of a DAG file's cost are paired by round."""

import json

import pytest

from benchmarks.parse import table
from benchmarks.parse.figures import Pairs, Sample, figures


def line(side: str, number: int, wall_ms: float, what: str = "import") -> str:
    return json.dumps(
        {
            "what": what,
            "side": side,
            "service": "ecs",
            "round": number,
            "wall_ms": wall_ms,
            "cpu_ms": wall_ms / 2,
            "modules": 22,
        }
    )


LINES = [
    line("stock", 2, 1000.0),
    line("ours", 1, 40.0),
    "what Airflow prints",
    line("stock", 1, 200.0),
    line("ours", 2, 100.0),
    line("ours", 1, 9000.0, what="parse"),
]


def test_a_ratio_is_within_its_round() -> None:
    pairs = Pairs.of(Sample.all(LINES), "import", "ecs")
    assert [each.wall_ms for each in pairs.ours] == [40.0, 100.0]
    assert pairs.ratio().median == pytest.approx((0.2 + 0.1) / 2)


def test_the_figures_carry_their_kind_and_their_spread() -> None:
    found = figures(Pairs.of(Sample.all(LINES), "import", "ecs"), "batch_")
    assert (found["batch_ours_ms"], found["batch_stock_ms"]) == (70.0, 600.0)
    assert (found["batch_ours_ms_q1"], found["batch_ours_ms_q3"]) == (55.0, 85.0)
    assert (found["batch_ours_cpu_ms"], found["batch_ratio"]) == (35.0, 0.15)


def test_a_round_with_one_side_alone_is_no_pair() -> None:
    with pytest.raises(ValueError, match="import ecs"):
        Pairs.of(Sample.all(LINES[:-2]), "import", "ecs")


def test_the_table_has_a_row_for_each_kind() -> None:
    pairs = Pairs.of(Sample.all(LINES), "import", "ecs")
    assert table({"": pairs, "batch_": pairs}).row_count == 2
