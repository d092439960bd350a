"""sweep_runs, each day, where SizeAdvice is on: what the runs of a day used, for each group."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jetbridge.aws.batches import batches
from jetbridge.sizing.days import advice_on_days, day_of, kept, read_days, stored
from jetbridge.sizing.port import Insights, Places, Sizes
from jetbridge.sizing.used import used_by

MOST_OUTCOMES = 2_000
"""The newest outcomes of a day that are looked at. Each may be 400 KB, but few are over one."""

_ITEMS_AT_ONCE = 100


@dataclass(frozen=True)
class Surveyed:
    """How many groups' items were written, how many of them have advice, and how many groups there
    was no time for."""

    groups: int = 0
    advised: int = 0
    left: int = 0


@dataclass(frozen=True)
class Survey:
    """Writes one item for each group.

    Attributes:
        note: receives sentences on why data is missing.
        clock: epoch seconds.
    """

    sizes: Sizes
    places: Places
    insights: Insights
    note: Callable[[str], object]
    clock: Callable[[], float]

    def __call__(self, day: str | None, remaining: Callable[[], float]) -> Surveyed:
        """Survey a day in UTC (``2026-11-23``); None: yesterday. A survey may be repeated.

        Raises:
            ValueError: ``day`` isn't one.
        """
        now = datetime.fromtimestamp(self.clock(), UTC)
        begins = datetime.fromisoformat(day) if day else now - timedelta(days=1)
        begins = begins.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
        since = begins.timestamp()
        until = (begins + timedelta(days=1)).timestamp()
        outcomes = list(self.sizes.outcomes(since, until, MOST_OUTCOMES))
        used, notes = used_by(outcomes, self.places, self.insights)
        for note in notes:
            self.note(note)
        groups = {group.key: group for group, runs in used.items() if day_of(runs).runs}
        advised = written = 0
        for keys in batches(groups, _ITEMS_AT_ONCE):
            before = self.sizes.days(keys)
            for key in keys:
                if remaining() <= 0:
                    return Surveyed(written, advised, len(groups) - written)
                group = groups[key]
                figures = day_of(used[group])
                days = kept(read_days(before.get(key)), f"{begins:%Y-%m-%d}", figures)
                advice = advice_on_days(group, days)
                self.sizes.keep(key, stored(days), advice, before.get(key))
                written += 1
                advised += bool(advice)
        return Surveyed(written, advised)
