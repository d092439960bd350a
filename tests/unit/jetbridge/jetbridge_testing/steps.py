"""Something happens between two steps: a proxy for ports that dies, or lets others run."""

from collections.abc import Callable
from typing import Any


class Crash(BaseException):
    """The function dies here: none of its own code catches that."""


class Steps:
    """Counts the moments before and after each call of a watched port.

    ``plan`` says what happens at which moment: a callable, which may raise ``Crash``.
    """

    def __init__(self, plan: dict[int, Callable[[], None]] | None = None) -> None:
        self.plan = plan or {}
        self.moments: list[str] = []

    def pass_moment(self, name: str) -> None:
        self.moments.append(name)
        happening = self.plan.pop(len(self.moments) - 1, None)
        if happening is not None:
            happening()

    def watch(self, port: Any) -> Any:
        return _Watched(port, self)


class _Watched:
    def __init__(self, port: Any, steps: Steps) -> None:
        self._port = port
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        if not callable(member):
            return member

        def call(*args: Any, **kwargs: Any) -> Any:
            self._steps.pass_moment(f"before {name}")
            answer = member(*args, **kwargs)
            self._steps.pass_moment(f"after {name}")
            return answer

        return call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._steps.pass_moment("before call")
        answer = self._port(*args, **kwargs)
        self._steps.pass_moment("after call")
        return answer


def crash() -> None:
    raise Crash
