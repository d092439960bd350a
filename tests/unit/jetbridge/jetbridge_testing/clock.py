"""A clock that tests move."""


class Clock:
    """Callable like ``time.time``; ``sleep`` moves it."""

    def __init__(self, now: float = 1_772_323_200.25) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
