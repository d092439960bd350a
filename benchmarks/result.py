"""A benchmark's result: a table for people, one JSON object for programs."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Result:
    """``figures`` are JSON values by figure name; ``table`` shows them with their spread.

    ``broken`` says what makes the figures worthless, such as runs that are missing.
    """

    figures: dict[str, Any]
    table: Table
    broken: list[str] = field(default_factory=list)

    def show(self, console: Console, name: str) -> None:
        """Print the table, then ``{"bench": name, "figures": ...}`` as the last line."""
        console.print(self.table)
        print(self.as_json(name), file=console.file, flush=True)

    def as_json(self, name: str) -> str:
        return json.dumps({"bench": name, "figures": self.figures}, allow_nan=False)

    @property
    def problems(self) -> list[str]:
        """``broken``, and each figure that is null or not finite; none if all is well."""
        return [*self.broken, *(f"{figure} is {value}" for figure, value in _empty(self.figures))]


def _empty(figures: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(figures, dict):
        for key, value in figures.items():
            yield from _empty(value, f"{name}.{key}" if name else str(key))
    elif isinstance(figures, list):
        for number, value in enumerate(figures):
            yield from _empty(value, f"{name}[{number}]")
    elif figures is None or (isinstance(figures, float) and not math.isfinite(figures)):
        yield name, figures
