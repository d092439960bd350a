"""sweep_runs, each day, where SizeAdvice is on: what the runs of a day used, for each group."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from jetbridge.sizing.days import advice_on_days, day_of, kept, read_days, stored
from jetbridge.sizing.port import Insights, Places, Sizes
from jetbridge.sizing.used import used_by

MOST_OUTCOMES = 2_000
"""The newest outcomes of a day that are looked at."""


class Surveyed(Struct, frozen=True):
    """How many groups' items were written, how many of them have advice, and how many groups there
    was no time for."""

    groups: int = 0
    advised: int = 0
    left: int = 0


class Survey(Struct, frozen=True):
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
        figures = {group: day_of(runs) for group, runs in used.items()}
        groups = [group for group, today in figures.items() if today.runs]
        before = self.sizes.days([group.key for group in groups])
        advised = 0
        for written, group in enumerate(groups):
            if remaining() <= 0:
                return Surveyed(written, advised, len(groups) - written)
            known = before.get(group.key)
            days = kept(read_days(known), f"{begins:%Y-%m-%d}", figures[group])
            advice = advice_on_days(group, days)
            self.sizes.keep(group.key, stored(days), advice, known)
            advised += bool(advice)
        return Surveyed(len(groups), advised)
