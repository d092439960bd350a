"""What the commands print: results to standard output, the rest to standard error."""

import json
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_OF_A_FILE = 200


def shown(text: str) -> str:
    """The text as a terminal takes it: without halves of surrogate pairs, which are in no UTF-8."""
    return text.encode(errors="replace").decode()


def write_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def write_table(headings: list[str], rows: list[list[str]], right: frozenset[str]) -> None:
    """A table; columns whose headings are in ``right`` are numbers."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        # Into a file or a pipe, a table isn't cut to the width of a terminal that isn't there.
        console = Console(highlight=False, width=_WIDTH_OF_A_FILE)
    console.print(table)


def write(text: str = "") -> None:
    Console(highlight=False, soft_wrap=True).print(Text(shown(text)))


def errors() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def moment(epoch_seconds: float) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """Two figures of a length of time: ``3 h 20 min``."""
    minutes = int(max(0, seconds)) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {int(max(0, seconds)) % 60} s" if minutes else f"{seconds:.0f} s"


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
