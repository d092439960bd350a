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
