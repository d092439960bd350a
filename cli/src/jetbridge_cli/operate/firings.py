"""Computes when a schedule of EventBridge Scheduler fires next.

The rules are in "Schedule types in EventBridge Scheduler" (EventBridge Scheduler user guide).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter

_EXPRESSION = re.compile(r"\s*(at|rate|cron)\((.*)\)\s*", re.DOTALL)
_RATE = re.compile(r"\s*([1-9]\d*)\s+(minute|hour|day)s?\s*")
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    # Always 24 hours, even if daylight saving time makes a day longer or shorter (user guide).
    "day": timedelta(days=1),
}


class Unknown(Exception):
    """The next firing can't be computed. The text says why."""


def next_firings(schedule: Mapping[str, Any], after: datetime, count: int) -> list[datetime]:
    """Up to ``count`` firings after ``after``, in UTC. None if the schedule is paused or has ended.

    With a flexible time window, these are the times when the window opens.

    Args:
        schedule: GetSchedule's answer.
        after: a datetime with a time zone.

    Raises:
        Unknown
    """
    if schedule["State"] != "ENABLED":
        return []
    start, end = schedule.get("StartDate"), schedule.get("EndDate")
    match = _EXPRESSION.fullmatch(schedule["ScheduleExpression"])
    if match is None:
        raise Unknown(f"{schedule['ScheduleExpression']!r} is neither cron, rate nor at")
    kind, inside = match[1], match[2].strip()
    try:
        found = _KINDS[kind](schedule, inside, max(after, start) if start else after)
        within = (each.astimezone(UTC) for each in found)
        return [each for each in islice(within, count) if end is None or each <= end]
    except (OverflowError, ValueError) as error:
        raise Unknown(
            f"{schedule['ScheduleExpression']!r} leads past the year 9999, where this command's "
            "calendar ends"
        ) from error


def _zone(schedule: Mapping[str, Any]) -> ZoneInfo:
    name = schedule.get("ScheduleExpressionTimezone") or "UTC"
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise Unknown(f"this machine doesn't know the time zone {name}") from error


def _at(schedule: Mapping[str, Any], inside: str, after: datetime) -> Iterator[datetime]:
    """A one-time schedule ignores its start and end dates (API reference of CreateSchedule)."""
    try:
        moment = datetime.fromisoformat(inside).replace(tzinfo=_zone(schedule))
    except ValueError as error:
        raise Unknown(f"{schedule['ScheduleExpression']!r} has no time in it") from error
    if moment > after:
        yield moment


def _rate(schedule: Mapping[str, Any], inside: str, after: datetime) -> Iterator[datetime]:
    """Firings from the start date on, or from the creation if there is none."""
    match = _RATE.fullmatch(inside)
    if match is None:
        raise Unknown(f"{schedule['ScheduleExpression']!r} has no number and unit in it")
    first, created = schedule.get("StartDate"), schedule.get("CreationDate")
    if first is None:
        changed = schedule.get("LastModificationDate", created)
        if created is None or changed - created > timedelta(seconds=1):
            raise Unknown(
                "it was changed after its creation and has no start date: AWS doesn't say from "
                "which moment such a rate counts"
            )
        first = created
    step = int(match[1]) * _UNITS[match[2]]
    passed = max(0, (after - first) // step)
    following = first + passed * step
    while True:
        if following > after or following == first == after:
            yield following
        following += step


def _cron(schedule: Mapping[str, Any], inside: str, after: datetime) -> Iterator[datetime]:
    """A time that doesn't exist on the day of the change to daylight saving time is skipped. A time
    that occurs twice fires once. The expression is computed in local time without a zone."""
    zone = _zone(schedule)
    fields = inside.split()
    # Just L in the day-of-week field is the last day of the week ("Cron expressions reference",
    # EventBridge user guide). The library doesn't know this.
    if fields[4:5] == ["L"]:
        fields[4] = "SAT"
    try:
        cron = AwsCroniter(" ".join(fields))
    except ValueError as error:
        raise Unknown(f"{schedule['ScheduleExpression']!r} can't be read: {error}") from error
    clock = after.astimezone(zone).replace(tzinfo=UTC, fold=0) - timedelta(minutes=1)
    while True:
        [following] = cron.get_next(clock)
        if following is None:
            return
        clock = following
        moment = following.replace(tzinfo=zone)
        exists = moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        if exists == following.replace(tzinfo=None) and moment > after:
            yield moment


_KINDS = {"at": _at, "rate": _rate, "cron": _cron}
