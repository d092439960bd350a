"""Records every error from AWS, in any part of the verification, even if the call was repeated."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import boto3

_PART: ContextVar[str] = ContextVar("part", default="setting up")


@dataclass
class MetError:
    """An error from AWS, with the number of times that it came.

    Attributes:
        during: names of the checks or other parts of the verification that got it.
        first_at: when it first came, in epoch seconds.
    """

    service: str
    operation: str
    code: str
    message: str
    during: list[str]
    first_at: float
    count: int = 1


@dataclass
class Recorder:
    """Listens to the answers to all clients that a session makes from now on.

    Botocore's event ``response-received`` comes for each attempt, so it also shows throttles that
    botocore retries (botocore.endpoint, ``_get_response``).
    """

    _errors: dict[tuple[str, str, str, str], MetError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def listen(self, session: boto3.Session) -> None:
        session.events.register("response-received", self._received)

    @contextmanager
    def during(self, part: str) -> Iterator[None]:
        """Errors inside this context are noted under the part's name."""
        token = _PART.set(part)
        try:
            yield
        finally:
            _PART.reset(token)

    @property
    def errors(self) -> list[MetError]:
        """The errors in the order in which they first came."""
        with self._lock:
            return sorted(self._errors.values(), key=lambda error: error.first_at)

    def _received(
        self,
        event_name: str,
        parsed_response: dict[str, Any] | None,
        exception: Exception | None,
        **rest: Any,
    ) -> None:
        _, service, operation = event_name.split(".", 2)
        if exception is not None:
            self.note(service, operation, type(exception).__name__, str(exception))
            return
        answered = (parsed_response or {}).get("Error")
        if answered:
            self.note(
                service, operation, str(answered.get("Code", "")), answered.get("Message", "")
            )

    def note(self, service: str, operation: str, code: str, message: str) -> None:
        """Note one error. Also call this for errors that other clients got."""
        part = _PART.get()
        with self._lock:
            known = self._errors.get((service, operation, code, message))
            if known is None:
                found = MetError(service, operation, code, message, [part], time.time())
                self._errors[service, operation, code, message] = found
                return
            known.count += 1
            if part not in known.during:
                known.during.append(part)
