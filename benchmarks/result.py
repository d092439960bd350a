"""What a benchmark found out: a table for people, one JSON object for programs."""

import json
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Result:
    """``figures`` are JSON values by figure name; ``table`` shows them with their spread."""

    figures: dict[str, Any]
    table: Table

    def show(self, console: Console, name: str) -> None:
        """Print the table, then ``{"bench": name, "figures": ...}`` as the last line."""
        console.print(self.table)
        print(self.as_json(name), file=console.file, flush=True)

    def as_json(self, name: str) -> str:
        return json.dumps({"bench": name, "figures": self.figures}, allow_nan=False)
