"""How requests were decided: each distinct one once."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .model import Check

MOST = 20_000
"""Distinct requests that are kept; those that come later are only counted."""


@dataclass
class _Count:
    allowed: bool
    message: str
    count: int = 0


class VerdictLog:
    """Thread-safe. Bounded by ``MOST`` distinct requests."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Any, ...], _Count] = {}
        self._lock = threading.Lock()
        self.left_out = 0

    def add(self, principal: str, check: Check, allowed: bool, message: str = "") -> None:
        key = (principal, check.action, check.resource, tuple(check.context.items()), allowed)
        with self._lock:
            known = self._counts.get(key)
            if known is None:
                if len(self._counts) >= MOST:
                    self.left_out += 1
                    return
                known = self._counts[key] = _Count(allowed, message)
            known.count += 1

    def as_json(self) -> dict[str, Any]:
        """``requests``: each with ``principal``, ``action``, ``resource``, ``context``,
        ``allowed``, ``message`` and ``count``; ``left_out``: how many found no room."""
        with self._lock:
            items: Iterable[Any] = list(self._counts.items())
            left_out = self.left_out
        requests = [
            {
                "principal": principal,
                "action": action,
                "resource": resource,
                "context": dict(context),
                "allowed": known.allowed,
                "message": known.message,
                "count": known.count,
            }
            for (principal, action, resource, context, _), known in items
        ]
        return {"requests": requests, "left_out": left_out}

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()
            self.left_out = 0
