"""Prints tables to standard output."""

from collections.abc import Collection, Sequence

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from jetbridge_cli.writing import GAP, LEAST_ID, one_line, shown, write, write_facts

# The smallest width of a column with cells that may be broken.
_LEAST_COLUMN = 8
# The most lines that a row of a table takes.
_MOST_LINES = 3


def write_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[str] = (),
    whole: Collection[str] = (),
) -> None:
    """Write a table. Columns with headings in ``right`` contain numbers.

    Cells of the columns in ``whole`` are never broken, because people copy them. The same goes for
    ids and ARNs in any column. If the terminal is too narrow for that, each row takes two or three
    lines, or else is written as a list. In a pipe or a file nothing is broken, and there are no
    colours.
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
    if sum(at_least) + GAP * (len(headings) - 1) > console.width:
        if lines := lines_of(widths, console.width):
            _write_lines(console, headings, rows, right, lines)
            return
        for row in rows:
            write_facts(dict(zip(headings, row, strict=True)))
            write()
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    given = shared(at_least, widths, console.width - GAP * (len(headings) - 1))
    for heading, width in zip(headings, given, strict=True):
        justify: JustifyMethod = "right" if heading in right else "left"
        table.add_column(heading, justify=justify, overflow="fold", width=width)
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    console.print(table)


def shared(at_least: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """The columns' widths: what is left of the room is shared fairly."""
    given = list(at_least)
    spare = room - sum(at_least)
    needs = sorted(range(len(given)), key=lambda column: wanted[column] - given[column])
    for number, column in enumerate(needs):
        more = min(wanted[column] - given[column], spare // (len(given) - number))
        given[column] += more
        spare -= more
    return given


def _write_plain(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str]
) -> None:
    """One line for each row, with aligned columns."""
    widths = _widths(headings, rows)
    for row in [headings, *rows]:
        cells = [
            _padded(cell, width, heading in right)
            for heading, cell, width in zip(headings, row, widths, strict=True)
        ]
        print((" " * GAP).join(cells).rstrip())


def lines_of(widths: Sequence[int], room: int) -> list[list[int]]:
    """The columns of each line of a row, if all are shown whole. Empty if a row needs more lines
    than people can read as a table."""
    lines: list[list[int]] = [[]]
    taken = 0
    for column, width in enumerate(widths):
        if taken + width > room and lines[-1]:
            lines.append([])
            taken = GAP
        if taken + width > room:
            return []
        lines[-1].append(column)
        taken += width + GAP
    return lines if len(lines) <= _MOST_LINES else []


def _write_lines(
    console: Console,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[str],
    lines: Sequence[Sequence[int]],
) -> None:
    widths = _widths(headings, rows)
    for number, row in enumerate([headings, *rows]):
        for line, columns in enumerate(lines):
            cells = [
                _padded(row[column], widths[column], headings[column] in right)
                for column in columns
            ]
            text = (" " * GAP if line else "") + (" " * GAP).join(cells)
            if text.strip() or not number:
                console.print(Text(text.rstrip(), "" if number else "bold"), soft_wrap=True)


def _padded(cell: str, width: int, right: bool) -> str:
    text = one_line(cell)
    padding = " " * (width - cell_len(text))
    return padding + text if right else text + padding


def _widths(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(cell_len(one_line(cell)) for cell in column)
        for column in zip(headings, *rows, strict=True)
    ]


def _longest_ids(rows: Sequence[Sequence[str]]) -> list[int]:
    """The length of the longest id in each column. 0 if there is none."""
    words = [
        [len(word) for cell in column for word in cell.split()]
        for column in zip(*rows, strict=True)
    ]
    return [max((each for each in column if each >= LEAST_ID), default=0) for column in words]
