"""What happened to a run, in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass

from jetbridge.contract import Death, epoch
from jetbridge.runs.run import Run
from jetbridge_cli.operate.record import Record


@dataclass(frozen=True)
class Moment:
    """``at``: epoch seconds."""

    at: float
    what: str


def moments_of(record: Record) -> list[Moment]:
    """All events that the tables have a time for, oldest first.

    For a replaced launch only its end is known, because the next launch overwrites the other times.
    """
    row, outcome = record.row, record.outcome
    deaths = row.deaths if row is not None else outcome.deaths if outcome else []
    found = [*_of_row(row), *map(_of_death, deaths)]
    started = epoch(outcome.started_at) if outcome else None
    if started is None and record.launched is not None:
        started = epoch(record.launched.started_at)
    if started is not None:
        found.append(Moment(started, "the containers run"))
    stopped = epoch(outcome.stopped_at) if outcome else None
    if stopped is not None:
        found.append(Moment(stopped, "AWS says: stopped"))
    if outcome is not None:
        found.append(Moment(outcome.finished_at, "the outcome is sealed"))
    return sorted(found, key=lambda each: each.at)


def _of_row(row: Run | None) -> Iterator[Moment]:
    if row is None:
        return
    yield Moment(row.created_at, "accepted: the row is written")
    if row.first_attempt_at is not None:
        yield Moment(row.first_attempt_at, f"launch {row.launch} is tried")
    if row.last_attempt_at is not None and row.last_attempt_at != row.first_attempt_at:
        yield Moment(row.last_attempt_at, f"launch {row.launch} is tried again")
    if row.launched_at is not None:
        yield Moment(row.launched_at, f"AWS has taken launch {row.launch}")
    if row.ended_at is not None:
        yield Moment(row.ended_at, "Jetbridge has recorded the end")


def _of_death(death: Death) -> Moment:
    return Moment(death.at, f"launch {death.launch} died: {death.cause}: {death.reason}")
