"""Times of records that somebody else wrote: each is a time that can be shown, or none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.notices import outcome_of
from jetbridge_testing.samples import ended_run, launched_run
from msgspec.structs import replace

from jetbridge.aws.items import marshal
from jetbridge.contract import ContractError, Death, Outcome, decode, encode, epoch
from jetbridge.logs.settling import stopped_at
from jetbridge.runs.item import from_item, to_item
from jetbridge.runs.port import UnreadableRow
from jetbridge.wiring import telemetry

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(5000, 1, 1))
ODD = [
    "",
    "yesterday",
    "2026-02-30T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59",
    "2026-03-01T00:00:00Z\n",
    "1" * 5000,
    "\ud800",
]


@given(MOMENTS)
def test_a_time_is_read_as_it_was_written(moment: datetime) -> None:
    known = moment.replace(tzinfo=UTC)
    for text in (known.isoformat(), moment.isoformat(), known.isoformat().replace("+00:00", "Z")):
        assert epoch(text) == known.timestamp()


@given(st.text() | st.datetimes(timezones=st.timezones()).map(datetime.isoformat))
def test_what_is_read_can_be_shown(text: str) -> None:
    seconds = epoch(text)
    if seconds is not None:
        assert (datetime.fromtimestamp(seconds, UTC) + timedelta(hours=1)).isoformat()


@pytest.mark.parametrize("text", ODD)
def test_another_text_counts_as_missing(text: str) -> None:
    assert epoch(text) is None
    assert epoch(None) is None
    ending = ended_run("ecs_stopped_exit_0").ending
    assert ending is not None
    assert stopped_at(replace(ending, stopped_at=text)) is None


@pytest.mark.parametrize("text", ODD)
def test_an_outcome_with_such_times_is_reported_as_delivered(text: str) -> None:
    """What raised here made finish_run deliver the run again and again."""
    outcome = outcome_of(ended_run("ecs_stopped_exit_0"))
    telemetry.finished(replace(outcome, started_at=text, stopped_at=text))
    telemetry.finished(replace(outcome, started_at="2026-03-01T00:00:00"))


@pytest.mark.parametrize("seconds", [-1.0, 1e12, 1e100])
def test_seconds_that_no_calendar_has_make_a_record_unreadable(seconds: float) -> None:
    outcome = outcome_of(ended_run("ecs_stopped_exit_0"))
    death = Death(launch=1, cause=outcome.cause, reason="", backend_id=None, at=seconds)
    for odd in (replace(outcome, finished_at=seconds), replace(outcome, deaths=[death])):
        with pytest.raises(ContractError, match=r"finished_at|deaths"):
            decode(Outcome, encode(odd))
    with pytest.raises(UnreadableRow, match="created_at"):
        from_item(marshal(to_item(replace(launched_run(), created_at=seconds))))
