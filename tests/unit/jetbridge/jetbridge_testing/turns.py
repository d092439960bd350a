"""Functions that run beside each other, one step at a time, in an order that a test chooses."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from jetbridge_testing.steps import Crash


class Turns:
    """Each watched call of a port is one step. ``crashes`` are steps, counted over all functions,
    at which the function that is about to make it dies instead."""

    def __init__(self, crashes: Sequence[int] = ()) -> None:
        self._crashes = set(crashes)
        self._taken = 0
        self._mine = threading.local()

    def watch(self, port: Any) -> Any:
        return _Watched(port, self)

    def play(self, functions: Sequence[Callable[[], None]], order: Sequence[int]) -> None:
        """Run the functions to their ends. ``order`` says which of the unfinished ones makes the
        next step; when it is used up, the first one does. A crash ends a function."""
        going = [_Going(function, self._mine) for function in functions]
        picks = iter(order)
        while going:
            chosen = going[next(picks, 0) % len(going)]
            if chosen.step():
                going.remove(chosen)

    def step(self) -> None:
        going: _Going = self._mine.going
        going.pause()
        self._taken += 1
        if self._taken - 1 in self._crashes:
            raise Crash


class _Going:
    def __init__(self, function: Callable[[], None], mine: threading.local) -> None:
        self._function, self._mine = function, mine
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._over = False
        self.errors: list[BaseException] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        self._mine.going = self
        self._go.acquire()
        try:
            self._function()
        except Crash:
            pass
        except BaseException as error:
            self.errors.append(error)
        self._over = True
        self._stopped.release()

    def pause(self) -> None:
        self._stopped.release()
        self._go.acquire()

    def step(self) -> bool:
        """Let it make its next step; returns whether it has ended."""
        self._go.release()
        self._stopped.acquire()
        if self.errors:
            raise self.errors[0]
        return self._over


class _Watched:
    def __init__(self, port: Any, turns: Turns) -> None:
        self._port, self._turns = port, turns

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._turns.step()
            return member(*args, **kwargs)

        return call
