"""Which runs start when: each round has every kind, in random order and with random durations."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is run; also the end of its DAG's name."""

    FEED_ECS = "feed_ecs"
    FEED_BATCH = "feed_batch"
    PUSH_ECS = "push_ecs"
    PUSH_BATCH = "push_batch"
    STOCK_ECS = "stock_ecs"
    STOCK_BATCH = "stock_batch"
    SHORT_FEED_ECS = "short_feed_ecs"
    SHORT_FEED_BATCH = "short_feed_batch"
    SHORT_STOCK_ECS = "short_stock_ecs"
    SHORT_STOCK_BATCH = "short_stock_batch"
    FLOOR = "floor"

    @property
    def dag_id(self) -> str:
        return f"lag_{self}"

    @property
    def ours(self) -> bool:
        return "feed" in self or "push" in self

    @property
    def short(self) -> bool:
        """Whether its jobs take a few seconds."""
        return self.startswith("short")

    @property
    def pushed(self) -> bool:
        return self.startswith("push")

    @property
    def backend(self) -> str | None:
        """``ecs`` or ``batch``; None where no job is run."""
        return None if self is Kind.FLOOR else self.rpartition("_")[2]


@dataclass(frozen=True, kw_only=True)
class Durations:
    """How long the jobs run: ``least`` seconds and up to ``spread`` more.

    Jobs of one length would end at one phase of whatever looks at them in turns.
    """

    least: float = 20.0
    spread: float = 30.0

    def choose(self, random_: random.Random) -> float:
        return round(self.least + random_.uniform(0, self.spread), 3)


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run: ``after`` seconds from the beginning it is started, then it lasts ``seconds``."""

    name: str
    kind: Kind
    after: float
    seconds: float


def plan(
    kinds: Sequence[Kind],
    rounds: int,
    *,
    every: float,
    durations: Durations,
    short: Durations,
    seed: int,
    name: str = "run",
) -> list[PlannedRun]:
    """``rounds`` runs of each kind, with one start in every ``every`` seconds.

    A round has each of ``kinds`` in its own random order, so all kinds meet the same noise. A kind
    that is named twice runs twice. Jobs of short kinds take ``short``. Each start is moved within
    its interval, so starts have no phase either.
    """
    random_ = random.Random(seed)
    runs: list[PlannedRun] = []
    for _ in range(rounds):
        for kind in random_.sample(kinds, len(kinds)):
            turn = len(runs)
            runs.append(
                PlannedRun(
                    name=f"{name}-{turn:03d}",
                    kind=kind,
                    after=round((turn + random_.random()) * every, 3),
                    seconds=(short if kind.short else durations).choose(random_),
                )
            )
    return runs
