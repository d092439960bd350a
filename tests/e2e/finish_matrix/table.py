"""What the suite found, for people."""

from dataclasses import dataclass
from io import StringIO

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """``seconds`` are those from the container's stop to the end of Airflow's task."""

    way: str
    case: str
    result: str
    seconds: float | None


ROWS: list[Row] = []


def as_text(width: int = 110) -> str:
    table = Table(title="How a run's end reaches Airflow")
    for name in ("way", "case", "result"):
        table.add_column(name)
    table.add_column("seconds", justify="right")
    for row in sorted(ROWS, key=lambda row: (row.way, row.case)):
        seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
        table.add_row(row.way, row.case, row.result, seconds)
    text = StringIO()
    Console(file=text, width=width).print(table)
    return text.getvalue()
