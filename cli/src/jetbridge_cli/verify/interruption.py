"""Handles Ctrl-C and SIGTERM, so that an interrupted verification removes what it made."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENT = 3


@dataclass
class Interruption:
    """Attributes:
    stopped: set at the first signal.
    number: that signal's number. 0 if none came.
    """

    tell: Callable[[str], object]
    stopped: threading.Event = field(default_factory=threading.Event)
    number: int = 0
    _count: int = 0

    @contextmanager
    def heard(self) -> Iterator[None]:
        """While this lasts, signals are only noted. The third signal raises KeyboardInterrupt."""
        before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _: FrameType | None) -> None:
        self._count += 1
        if self._count >= _PATIENT:
            raise KeyboardInterrupt
        self.number = self.number or number
        self.stopped.set()
        self.tell(
            "Interrupted: the checks end, and everything is removed unless --keep was given. "
            "That takes some minutes."
        )
