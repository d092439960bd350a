"""When a schedule of EventBridge Scheduler fires, and what its target gets.

Sources: EventBridge Scheduler user guide, "Schedule types in EventBridge Scheduler" and "Adding
context attributes".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"rate\(\s*([1-9]\d*)\s+(minute|hour|day)s?\s*\)")
_AT = re.compile(r"at\(\s*(\S+)\s*\)")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A schedule's times: seconds since the epoch. ``next_cron`` gives the first time after
    another that matches a cron expression, both without a zone, or None if there is none."""

    expression: str
    zone: ZoneInfo
    created: float
    start: float | None
    end: float | None
    next_cron: Callable[[str, datetime], datetime | None]


@dataclass(frozen=True)
class Firing:
    """``scheduled_time`` in seconds since the epoch; ``last`` if the schedule is then complete."""

    scheduled_time: float
    last: bool = False


def due_firing(plan: Plan, previous: float | None, now: float) -> Firing | None:
    """The firing that is due, if one is. ``previous`` is the planned time of the one before.

    Firings missed while nobody looked are skipped, all but the newest. Raises ValueError if the
    expression can't be read.
    """
    if match := _AT.fullmatch(plan.expression.strip()):
        planned = datetime.fromisoformat(match[1]).replace(tzinfo=plan.zone).timestamp()
        return Firing(planned, last=True) if previous is None and planned <= now else None
    if plan.expression.strip().startswith("rate("):
        scheduled = _newest_by_rate(plan, now)
    else:
        scheduled = _newest_by_cron(plan, previous, now)
    if scheduled is None or (previous is not None and scheduled <= previous):
        return None
    if plan.end is not None and scheduled > plan.end:
        return None
    return Firing(scheduled)


def _newest_by_rate(plan: Plan, now: float) -> float | None:
    """With no start date a rate begins at once."""
    match = _RATE.fullmatch(plan.expression.strip())
    if match is None:
        raise ValueError(f"ScheduleExpression {plan.expression!r} can't be read")
    interval = int(match[1]) * _UNIT_SECONDS[match[2]]
    first = max(plan.created, plan.start or 0.0)
    return first + (now - first) // interval * interval if now >= first else None


def _newest_by_cron(plan: Plan, previous: float | None, now: float) -> float | None:
    after = max(plan.created, plan.start or 0.0, previous or 0.0)
    newest = None
    while True:
        local = datetime.fromtimestamp(after, plan.zone).replace(tzinfo=None)
        following = plan.next_cron(plan.expression, local.replace(tzinfo=UTC))
        if following is None:
            return newest
        planned = following.replace(tzinfo=plan.zone).timestamp()
        if planned > now or planned <= after:
            return newest
        newest = after = planned


def substitute_context(
    text: str, *, schedule_arn: str, scheduled_time: float, execution_id: str, attempt: int
) -> str:
    """Put the values of one firing in place of ``<aws.scheduler.…>`` words in a target's input.

    ``scheduled_time`` is in seconds since the epoch, the time for which the firing was planned.
    """
    words = {
        "<aws.scheduler.schedule-arn>": schedule_arn,
        "<aws.scheduler.scheduled-time>": iso_time(scheduled_time),
        "<aws.scheduler.execution-id>": execution_id,
        "<aws.scheduler.attempt-number>": str(attempt),
    }
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def iso_time(epoch_seconds: float) -> str:
    """A time as EventBridge Scheduler writes it."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
