"""Says what a program is doing, and how long each step took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

Say = Callable[[str], None]


class Progress:
    """Steps on a console; ``seconds`` is the time since the first."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @contextmanager
    def step(self, title: str) -> Iterator[Say]:
        """Show one step while it lasts; the function given out adds what it is just doing."""
        began = time.monotonic()
        with self._console.status(title) as status:

            def say(detail: str) -> None:
                status.update(f"{title}: {detail}")

            try:
                yield say
            except BaseException as error:
                self._line("✗", "red", title, began, type(error).__name__)
                raise
        self._line("✓", "green", title, began)

    def _line(self, mark: str, style: str, title: str, began: float, note: str = "") -> None:
        line = Text.assemble((mark, style), f" {title:<44}", f"{time.monotonic() - began:6.1f} s")
        self._console.print(line, note)
