"""A benchmark's result: its last line, and figures that are missing."""

import io
import json

import pytest
from rich.console import Console
from rich.table import Table

from benchmarks.result import Result


def a_table() -> Table:
    table = Table()
    table.add_column("function")
    table.add_row("start_run")
    return table


@pytest.mark.parametrize("width", [20, 160])
def test_the_last_line_is_one_json_object_however_narrow_the_console(width: int) -> None:
    output = io.StringIO()
    figures = {"cold_ratio": {f"function_{number}": 1.25 for number in range(20)}}
    Result(figures, a_table()).show(Console(file=output, width=width), "footprint")
    *table, last = output.getvalue().splitlines()
    assert json.loads(last) == {"bench": "footprint", "figures": figures}
    assert any("start_run" in line for line in table)


def test_a_figure_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        Result({"cold_ratio": float("nan")}, a_table()).as_json("footprint")


def test_figures_that_are_null_are_problems_wherever_they_are() -> None:
    figures = {"p50_s": {"feed": 1.5, "push": None}, "gaps": [0.5, None], "runs": 0, "none": {}}
    result = Result(figures, a_table(), ["3 of 7 runs have no lag"])
    assert result.problems == ["3 of 7 runs have no lag", "p50_s.push is None", "gaps[1] is None"]


def test_whole_figures_are_no_problem() -> None:
    assert Result({"p50_s": {"feed": 0.0}, "gaps": [0.5]}, a_table()).problems == []
