"""When schedules fire."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetbridge_local.schedules import Firing, Plan, due_firing, substitute_context

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


def daily_at_nine(expression: str, after: datetime) -> datetime | None:
    assert expression == "cron(0 9 * * ? *)"
    today = after.replace(hour=9, minute=0, second=0, microsecond=0)
    return today if today > after else today + timedelta(days=1)


def plan(expression: str, zone: str = "UTC", **times: float) -> Plan:
    return Plan(
        expression=expression,
        zone=ZoneInfo(zone),
        created=times.get("created", NOON),
        start=times.get("start"),
        end=times.get("end"),
        next_cron=daily_at_nine,
    )


def test_rate_fires_at_once_and_then_at_its_interval() -> None:
    every = plan("rate(5 minutes)")
    assert due_firing(every, None, NOON) == Firing(NOON)
    assert due_firing(every, NOON, NOON + 299) is None
    assert due_firing(every, NOON, NOON + 301) == Firing(NOON + 300)


def test_missed_firings_are_made_up_for_by_one() -> None:
    assert due_firing(plan("rate(1 minute)"), NOON, NOON + 605) == Firing(NOON + 600)


def test_rate_keeps_to_start_and_end() -> None:
    bounded = plan("rate(1 hour)", start=NOON + 100, end=NOON + 4000)
    assert due_firing(bounded, None, NOON + 99) is None
    assert due_firing(bounded, None, NOON + 100) == Firing(NOON + 100)
    assert due_firing(bounded, NOON + 100, NOON + 3701) == Firing(NOON + 3700)
    assert due_firing(bounded, NOON + 3700, NOON + 9000) is None


@given(
    ticks=st.lists(st.floats(min_value=0.1, max_value=400), min_size=1, max_size=60),
    minutes=st.integers(min_value=1, max_value=5),
)
def test_planned_times_never_repeat_nor_drift(ticks: list[float], minutes: int) -> None:
    every = plan(f"rate({minutes} minute{'s' if minutes > 1 else ''})")
    now, previous = NOON, None
    seen: list[float] = []
    for tick in ticks:
        now += tick
        firing = due_firing(every, previous, now)
        if firing:
            previous = firing.scheduled_time
            seen.append(previous)
            assert previous <= now
    assert len(set(seen)) == len(seen)
    assert all((moment - NOON) % (minutes * 60) == 0 for moment in seen)


def test_one_time_schedule_is_in_its_zone_and_fires_once() -> None:
    once = plan("at(2026-03-01T14:00:00)", zone="Europe/Berlin")
    planned = NOON + 3600
    assert due_firing(once, None, planned - 1) is None
    assert due_firing(once, None, planned + 30) == Firing(planned, last=True)
    assert due_firing(once, planned, planned + 60) is None


def test_cron_is_read_in_the_schedules_zone() -> None:
    tokyo = plan("cron(0 9 * * ? *)", zone="Asia/Tokyo")
    planned = datetime(2026, 3, 2, 0, tzinfo=UTC).timestamp()
    assert due_firing(tokyo, None, planned - 1) is None
    assert due_firing(tokyo, None, planned + 1) == Firing(planned)
    assert due_firing(tokyo, planned, planned + 3600) is None
    assert due_firing(tokyo, planned, planned + 3 * 86_400) == Firing(planned + 3 * 86_400)


@pytest.mark.parametrize("expression", ["rate(0 minutes)", "rate(5 weeks)", "at(tomorrow)"])
def test_what_cannot_be_read_is_said(expression: str) -> None:
    with pytest.raises(ValueError, match=r"can't be read|Invalid isoformat"):
        due_firing(plan(expression), None, NOON)


def test_context_attributes() -> None:
    text = substitute_context(
        '{"a": "<aws.scheduler.schedule-arn>", "t": "<aws.scheduler.scheduled-time>",'
        ' "e": "<aws.scheduler.execution-id>", "n": <aws.scheduler.attempt-number>,'
        ' "other": "<aws.scheduler.unknown>"}',
        schedule_arn="arn:aws:scheduler:eu-west-1:123456789012:schedule/g/n",
        scheduled_time=1_647_975_583.9,
        execution_id="d32c5kddcf5bb8c3",
        attempt=1,
    )
    assert text == (
        '{"a": "arn:aws:scheduler:eu-west-1:123456789012:schedule/g/n",'
        ' "t": "2022-03-22T18:59:43Z", "e": "d32c5kddcf5bb8c3", "n": 1,'
        ' "other": "<aws.scheduler.unknown>"}'
    )
