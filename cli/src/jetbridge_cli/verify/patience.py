"""Waits for a bounded time, and stops when the verification is interrupted."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

LOOK_SECONDS = 1.0


class Late(Exception):
    """Something didn't come in time. The text says what, and the time limit."""


class Interrupted(Exception):
    """The verification was interrupted. Nothing more may be started or waited for."""


@dataclass
class Patience:
    """The total time that one check may wait.

    Attributes:
        seconds: the time limit, from when this object is made.
        stopped: set when the verification is interrupted.
    """

    seconds: float
    stopped: threading.Event
    _began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        return self.seconds - (time.monotonic() - self._began)

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """Call ``look`` every second until it finds something, and return that.

        Raises Late when the time limit has passed, and Interrupted when the verification is
        interrupted.
        """
        while not (found := look()):
            self.pause(LOOK_SECONDS)
            if self.left <= 0:
                raise Late(f"{what} didn't come within {self.seconds:.0f} s")
        return found

    def pause(self, seconds: float) -> None:
        """Wait between two looks. Raises Interrupted."""
        if self.stopped.wait(seconds):
            raise Interrupted
