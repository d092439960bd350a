"""Functions that run at the same time in virtual time: the one whose time comes first continues."""

import heapq
import threading
from collections.abc import Callable
from itertools import count
from typing import Any


class Workers:
    """Callable like ``time.time``; ``sleep`` lets the others run until then."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.errors: list[BaseException] = []
        self._order = count()
        self._waiting: list[tuple[float, int, threading.Lock]] = []
        self._mine = threading.local()

    def __call__(self) -> float:
        return self.now

    def play(self, functions: list[Callable[[], None]]) -> None:
        """Run all to their ends.

        Raises: the first error of any.
        """
        over = _locked()
        going = len(functions)

        def run(function: Callable[[], None]) -> None:
            nonlocal going
            self._mine.own.acquire()
            try:
                function()
            except BaseException as error:
                self.errors.append(error)
            going -= 1
            if going:
                self._next()
            else:
                over.release()

        for function in functions:
            own = _locked()
            heapq.heappush(self._waiting, (self.now, next(self._order), own))

            def begin(function: Callable[[], None] = function, own: Any = own) -> None:
                self._mine.own = own
                run(function)

            threading.Thread(target=begin, daemon=True).start()
        self._next()
        over.acquire()
        if self.errors:
            raise self.errors[0]

    def sleep(self, seconds: float) -> None:
        own = self._mine.own
        heapq.heappush(self._waiting, (self.now + seconds, next(self._order), own))
        self._next()
        own.acquire()

    def _next(self) -> None:
        at, _, chosen = heapq.heappop(self._waiting)
        self.now = max(self.now, at)
        chosen.release()


def _locked() -> threading.Lock:
    """What one thread waits for and another releases: a quarter of a semaphore's work."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class Counters:
    """DynamoDB's client as ``DynamoPacer`` uses it: one number by key, changed on condition."""

    class exceptions:  # as botocore has it
        class ConditionalCheckFailedException(Exception):
            def __init__(self, item: dict[str, Any]) -> None:
                self.response = {"Item": item}

    def __init__(self) -> None:
        self.turns: dict[str, int] = {}
        self.calls = 0

    def update_item(self, **parameters: Any) -> dict[str, Any]:
        self.calls += 1
        key = parameters["Key"]["run_id"]["S"]
        values = {
            name.removeprefix(":"): int(value["N"])
            for name, value in parameters["ExpressionAttributeValues"].items()
        }
        known = self.turns.get(key)
        if "interval" in values:
            if known is None or not values["earliest"] <= known <= values["latest"]:
                raise self._refusal(known)
            self.turns[key] = known + values["interval"]
        else:
            if known is not None and known >= values["earliest"]:
                raise self._refusal(known)
            self.turns[key] = values["following"]
        return {"Attributes": {"next_turn": {"N": str(self.turns[key])}}}

    def _refusal(self, known: int | None) -> Exception:
        item = {} if known is None else {"next_turn": {"N": str(known)}}
        return self.exceptions.ConditionalCheckFailedException(item)
