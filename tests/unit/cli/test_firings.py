"""When schedules of EventBridge Scheduler fire next.

Expressions and their meaning are those of AWS's documentation: "Schedule types in EventBridge
Scheduler" (EventBridge Scheduler user guide), "Cron expressions reference" and "Creating an Amazon
EventBridge rule that runs on a schedule" (EventBridge user guide).
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetbridge_cli.operate.firings import Unknown, next_firings

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def schedule(expression: str, zone: str = "UTC", **fields: Any) -> dict[str, Any]:
    return {
        "State": "ENABLED",
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": zone,
        "CreationDate": NOW - timedelta(days=1),
        "LastModificationDate": NOW - timedelta(days=1),
    } | fields


def fires(
    expression: str, zone: str = "UTC", count: int = 3, after: datetime = NOW, **fields: Any
) -> list[str]:
    found = next_firings(schedule(expression, zone, **fields), after, count)
    return [each.strftime("%Y-%m-%dT%H:%M") for each in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # 12:15 each day.
        ("cron(15 12 * * ? *)", ["2026-11-23T12:15", "2026-11-24T12:15", "2026-11-25T12:15"]),
        # 18:00 Monday to Friday.
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-23T18:00", "2026-11-24T18:00", "2026-11-25T18:00"]),
        # 8:00 each first day of the month.
        ("cron(0 8 1 * ? *)", ["2026-12-01T08:00", "2027-01-01T08:00", "2027-02-01T08:00"]),
        # 10:15 on the last Friday of each month of the years: AWS's 6 is Friday.
        (
            "cron(15 10 ? * 6L 2026-2027)",
            ["2026-11-27T10:15", "2026-12-25T10:15", "2027-01-29T10:15"],
        ),
        # The last day of the month.
        ("cron(0 0 L * ? *)", ["2026-11-30T00:00", "2026-12-31T00:00", "2027-01-31T00:00"]),
        # The weekday nearest to the 15th; it doesn't leave the month.
        ("cron(0 0 15W * ? *)", ["2026-12-15T00:00", "2027-01-15T00:00", "2027-02-15T00:00"]),
        ("cron(0 0 1W 8 ? *)", ["2027-08-02T00:00", "2028-08-01T00:00", "2029-08-01T00:00"]),
        # The second Wednesday: AWS's 4 is Wednesday.
        ("cron(0 0 ? * 4#2 *)", ["2026-12-09T00:00", "2027-01-13T00:00", "2027-02-10T00:00"]),
        # Every ten minutes, Sunday being 1.
        ("cron(0/10 * ? * 1 *)", ["2026-11-29T00:00", "2026-11-29T00:10", "2026-11-29T00:20"]),
        # The last day of the week.
        ("cron(0 0 ? * L *)", ["2026-11-28T00:00", "2026-12-05T00:00", "2026-12-12T00:00"]),
        # A year, and none after it.
        ("cron(0 12 25 DEC ? 2026)", ["2026-12-25T12:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        ("at(2026-11-24T03:00:00)", ["2026-11-24T03:00"]),
        ("at(2026-11-22T03:00:00)", []),
        ("rate(1 day)", ["2026-11-24T01:00", "2026-11-25T01:00", "2026-11-26T01:00"]),
        ("rate(90 minutes)", ["2026-11-23T02:30", "2026-11-23T04:00", "2026-11-23T05:30"]),
    ],
)
def test_expressions_of_the_documentation(expression: str, expected: list[str]) -> None:
    assert fires(expression) == expected


def test_a_time_zone_has_its_summer_and_winter() -> None:
    before = datetime(2027, 3, 27, tzinfo=UTC)
    daily = fires("cron(0 9 * * ? *)", "Europe/Berlin", 2, before)
    assert daily == ["2027-03-27T08:00", "2027-03-28T07:00"]


def test_a_time_that_is_left_out_in_spring_is_skipped() -> None:
    before = datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert fires("cron(30 2 * * ? *)", "Europe/Berlin", 1, before) == ["2027-03-29T00:30"]


def test_a_time_that_comes_twice_in_autumn_fires_once() -> None:
    before = datetime(2027, 10, 30, 12, tzinfo=UTC)
    found = fires("cron(30 2 * * ? *)", "Europe/Berlin", 2, before)
    assert found == ["2027-10-31T00:30", "2027-11-01T01:30"]
    between = datetime(2027, 10, 31, 0, 45, tzinfo=UTC)
    assert fires("cron(30 2 * * ? *)", "Europe/Berlin", 1, between) == ["2027-11-01T01:30"]


def test_start_and_end_bound_it() -> None:
    start, end = NOW + timedelta(days=2), NOW + timedelta(days=4)
    bounds: dict[str, Any] = {"StartDate": start, "EndDate": end}
    assert fires("cron(0 0 * * ? *)", **bounds) == ["2026-11-26T00:00", "2026-11-27T00:00"]
    assert fires("rate(1 day)", **bounds) == [
        "2026-11-25T01:00",
        "2026-11-26T01:00",
        "2026-11-27T01:00",
    ]


def test_a_paused_schedule_does_not_fire() -> None:
    assert fires("rate(1 day)", State="DISABLED") == []


@pytest.mark.parametrize(
    "expression",
    ["cron(0 0 * * * *)", "cron(0 0 * *)", "cron(61 0 * * ? *)", "rate(x)", "at(noon)", "daily"],
)
def test_an_invalid_expression_is_named(expression: str) -> None:
    with pytest.raises(Unknown):
        fires(expression)


def test_what_aws_does_not_say_is_unknown() -> None:
    with pytest.raises(Unknown, match="start date"):
        fires("rate(1 day)", LastModificationDate=NOW)
    with pytest.raises(Unknown, match="Mars"):
        fires("cron(0 0 * * ? *)", "Mars/Olympus")


numbers = {
    "minute": st.integers(0, 59),
    "hour": st.integers(0, 23),
    "weekday": st.integers(1, 7),
}


@given(
    st.lists(numbers["minute"], min_size=1, max_size=3),
    st.lists(numbers["hour"], min_size=1, max_size=3),
    st.lists(numbers["weekday"], min_size=1, max_size=3),
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),
)
def test_every_match_fires_and_nothing_else(
    minutes: list[int], hours: list[int], weekdays: list[int], after: datetime
) -> None:
    """Against a walk over each minute of a week and a bit."""
    fields = (",".join(map(str, each)) for each in (minutes, hours))
    days = ",".join(map(str, weekdays))
    after = after.replace(tzinfo=UTC)
    expression = f"cron({' '.join(fields)} ? * {days} *)"
    minute = after.replace(second=0, microsecond=0)
    expected = []
    for number in range(1, 8 * 24 * 60):
        each = minute + timedelta(minutes=number)
        # AWS counts from Sunday, which is 1; Python's isoweekday has 7 for it.
        weekday = each.isoweekday() % 7 + 1
        if each.minute in minutes and each.hour in hours and weekday in weekdays:
            expected.append(each)
        if len(expected) == 3:
            break
    found = next_firings(schedule(expression), after, len(expected))
    assert found == expected


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        ("rate(99999999 days)", {}),
        ("rate(999999999999 days)", {}),
        (f"rate({'9' * 5000} minutes)", {}),
        ("rate(1 days)", {"StartDate": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)}),
        ("at(9999-12-31T23:59:59)", {}),
    ],
)
def test_a_firing_past_the_calendar_is_not_known(expression: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Unknown, match="past the year 9999"):
        next_firings(schedule(expression, "America/New_York", **fields), NOW, 3)


@given(st.sampled_from(["at", "rate", "cron"]), st.text(max_size=30), st.text(max_size=20))
def test_any_expression_and_zone_is_read_or_not_known(kind: str, inside: str, zone: str) -> None:
    with suppress(Unknown):
        next_firings(schedule(f"{kind}({inside})", zone), NOW, 2)
