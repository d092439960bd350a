"""Markdown tables."""

from collections.abc import Iterable, Sequence

NOTE = "It is generated: change the code and run `make docs-tables`."


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with one line for each row. A ``|`` or a line break in a cell is kept as text."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
