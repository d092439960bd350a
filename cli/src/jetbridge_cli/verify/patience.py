"""Waiting, in bounded time and only until the verification is interrupted."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

LOOK_SECONDS = 1.0


class Late(Exception):
    """Something didn't come within its bound; the text says what, and the bound."""


class Interrupted(Exception):
    """The verification was interrupted: nothing more is to be begun or waited for."""


@dataclass
class Patience:
    """How long one check waits in all.

    Attributes:
        seconds: its bound, from when this is made.
        stopped: set when the verification is interrupted.
    """

    seconds: float
    stopped: threading.Event
    _began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        return self.seconds - (time.monotonic() - self._began)

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """What ``look`` finds, asked each second.

        Raises Late when the bound has passed, Interrupted when the verification is interrupted.
        """
        while not (found := look()):
            self.pause(LOOK_SECONDS)
            if self.left <= 0:
                raise Late(f"{what} didn't come within {self.seconds:.0f} s")
        return found

    def pause(self, seconds: float) -> None:
        """Raises Interrupted."""
        if self.stopped.wait(seconds):
            raise Interrupted
