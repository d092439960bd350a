"""An event loop whose clock jumps to the next timer: a minute of waiting takes no time."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any


class _Selector(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing will ever happen")
        self.now += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at zero. Threads would stand still in it: use `Inline`."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


class Inline(Executor):
    """Runs what it is given at once, in the caller's thread."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        pass

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*arguments, **keywords))
        except BaseException as error:
            future.set_exception(error)
        return future


def run(scenario: Callable[[VirtualLoop], Coroutine[Any, Any, Any]]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return runner.run(scenario(loop))


def in_this_thread(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """In place of asgiref's ``sync_to_async``."""

    async def call(*arguments: Any, **keywords: Any) -> Any:
        return function(*arguments, **keywords)

    return call
