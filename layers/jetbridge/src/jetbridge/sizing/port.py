"""What the advice on sizes needs from outside."""

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from msgspec import Struct, field

from jetbridge.contract import Outcome
from jetbridge.sizing.advice import Peak

TASK_ENDS_SECONDS = 120
"""A task's last event may have the time of the minute after its end."""


class Peaks(Struct, frozen=True, kw_only=True):
    """Attributes:
    by_task: the peak of each task that has data, by task id.
    note: why data is missing. "" if everything was read.
    read_until: if not all events were read, the time of the last one that was (epoch seconds).
        Events are read oldest first (API reference of FilterLogEvents).
    """

    by_task: dict[str, Peak] = field(default_factory=dict)
    note: str = ""
    read_until: float = math.inf


class Unknown(Exception):
    """Where runs ran can't be found out; the text says why."""


class Insights(Protocol):
    def peaks_of(
        self, cluster: str, task_ids: Collection[str], since: float, until: float
    ) -> Peaks:
        """The peaks of tasks that ran on a cluster between two times (epoch seconds)."""
        ...


class Places(Protocol):
    def of(self, outcome: Outcome) -> Sequence[str]:
        """The names of the clusters where a run may have run. Raises: Unknown"""
        ...


class Sizes(Protocol):
    """The groups' items, and the outcomes that they are made from."""

    def outcomes(self, since: float, until: float, most: int) -> Iterator[Outcome]:
        """Up to ``most`` of the newest outcomes sealed in a period (epoch seconds), in no order and
        without their results and last lines."""
        ...

    def days(self, keys: Collection[str]) -> dict[str, str]:
        """What is kept for groups, as JSON by their keys. Groups without an item are left out."""
        ...

    def keep(self, key: str, days: str, advice: str, before: str | None) -> None:
        """Write a group's item.

        ``before`` is what ``days`` returned. Raises an error if the item has changed since.
        """
        ...
