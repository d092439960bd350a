"""Prints results to standard output, and everything else to standard error."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

_GAP = 2
# The smallest width of a column with cells that may be broken.
_LEAST_COLUMN = 8
# A word of this length or longer is an id (run ids have 20 characters, contract/run_ids.py) or an
# ARN.
_LEAST_ID = 20


def shown(text: str) -> str:
    """The text for a terminal, without lone surrogates, because UTF-8 can't encode them."""
    return text.encode(errors="replace").decode()


def write_json(value: Any, indent: int | None = 2) -> None:
    """Write JSON. With ``indent`` None it is on one line."""
    print(json.dumps(value, indent=indent), flush=indent is None)


def write_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[str] = (),
    whole: Collection[str] = (),
) -> None:
    """Write a table. Columns with headings in ``right`` contain numbers.

    Cells of the columns in ``whole`` are never broken, because people copy them. The same goes for
    ids and ARNs in any column. If the terminal is too narrow for that, each row is written as a
    list. In a pipe or a file nothing is broken, and there are no colours.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        _write_plain(headings, rows, right)
        return
    widths = _widths(headings, rows)
    at_least = [
        width if heading in whole else max(min(width, _LEAST_COLUMN), longest)
        for heading, width, longest in zip(headings, widths, _longest_ids(rows), strict=True)
    ]
    if sum(at_least) + _GAP * (len(headings) - 1) > console.width:
        for row in rows:
            write_facts(dict(zip(headings, row, strict=True)))
            write()
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading, least in zip(headings, at_least, strict=True):
        table.add_column(
            heading,
            justify="right" if heading in right else "left",
            overflow="fold",
            min_width=least,
        )
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    console.print(table)


def _write_plain(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str]
) -> None:
    """One line for each row, with aligned columns."""
    widths = _widths(headings, rows)
    for row in [headings, *rows]:
        cells = [
            one_line(cell).rjust(width) if heading in right else one_line(cell).ljust(width)
            for heading, cell, width in zip(headings, row, widths, strict=True)
        ]
        print((" " * _GAP).join(cells).rstrip())


def _widths(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(len(one_line(cell)) for cell in column) for column in zip(headings, *rows, strict=True)
    ]


def _longest_ids(rows: Sequence[Sequence[str]]) -> list[int]:
    """The length of the longest id in each column. 0 if there is none."""
    words = [
        [len(word) for cell in column for word in cell.split()]
        for column in zip(*rows, strict=True)
    ]
    return [max((each for each in column if each >= _LEAST_ID), default=0) for column in words]


def write_facts(facts: Mapping[str, str]) -> None:
    """Write names and values, one per line. Names without a value are left out."""
    given = {name: fact for name, fact in facts.items() if fact}
    width = max(map(len, given), default=0)
    for name, fact in given.items():
        write(f"{name:<{width}}  {fact}")


def one_line(text: str) -> str:
    """The text as one line for a terminal. Control characters, including line ends, become
    spaces."""
    return "".join(each if each.isprintable() else " " for each in shown(text))


def write(text: str = "") -> None:
    Console(highlight=False, soft_wrap=True).print(Text(shown(text)))


def write_source(text: str, language: str = "json") -> None:
    """Write source text: coloured on a terminal, and unchanged elsewhere."""
    console = Console(soft_wrap=True)
    if console.is_terminal:
        console.print(Syntax(text, language, background_color="default", word_wrap=True))
    else:
        print(shown(text))


def errors() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def moment(epoch_seconds: float) -> str:
    """A time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """A duration with its two largest units: ``3 h 20 min``."""
    minutes = int(max(0, seconds)) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {int(max(0, seconds)) % 60} s" if minutes else f"{seconds:.0f} s"


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
