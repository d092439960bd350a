"""What a function prints, as lines of its log."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass

_MAX_LINE_BYTES = 1_048_576


@dataclass(frozen=True)
class LogLine:
    """``timestamp`` in ms since the epoch."""

    timestamp: int
    message: str


class Output:
    """Reads a descriptor that doesn't block, and keeps the lines until somebody takes them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: list[LogLine] = []
        self._partial = b""

    def read(self) -> bool:
        """Read what is there; false at its end."""
        while True:
            try:
                chunk = os.read(self._descriptor, 65536)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            for line in lines:
                self.add(line.decode(errors="replace"))
            if len(self._partial) > _MAX_LINE_BYTES:
                self._add_partial()

    def add(self, message: str) -> None:
        # The runtime client writes the lines of one stack trace with \r between them.
        self._lines.append(LogLine(int(time.time() * 1000), message.replace("\r", "\n")))

    def take(self) -> list[LogLine]:
        """Everything since the last call."""
        with suppress(OSError):
            self.read()
        if self._partial:
            self._add_partial()
        lines, self._lines = self._lines, []
        return lines

    def _add_partial(self) -> None:
        self.add(self._partial.decode(errors="replace"))
        self._partial = b""
