"""A run in the report: its times, launches and end."""

from dataclasses import dataclass, field

from jetbridge.contract import Death, epoch
from jetbridge_cli.operate.record import Record, caller_text


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A replaced launch. ``since`` is when it was due and ``until`` when it ended, in epoch
    seconds."""

    number: int
    cause: str
    reason: str
    since: float
    until: float


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """Attributes:
    state: as in ``Record``.
    accepted: when the run's row was written. All times are in epoch seconds, and None if the tables
        don't have them.
    due: when its last launch was due: when the run was accepted, or at the end of the back-off.
    launched, running, stopped: times of the last launch. The last two come from AWS's clock.
    recorded: when track_run or sweep_runs wrote the end; sealed: when the outcome was.
    replaced: launches before the last, oldest first.
    """

    run_id: str
    state: str
    cause: str
    fault: str
    reason: str
    who: str
    definition: str
    launches: int
    accepted: float | None = None
    due: float | None = None
    launched: float | None = None
    running: float | None = None
    stopped: float | None = None
    recorded: float | None = None
    sealed: float | None = None
    replaced: list[Launch] = field(default_factory=list)

    @property
    def began(self) -> float | None:
        """The first known time."""
        known = [self.accepted, self.due, self.launched, self.running, self.sealed]
        return min((each for each in known if each is not None), default=None)

    @property
    def start_seconds(self) -> float | None:
        """Seconds from due to running. None if either isn't known."""
        return between(self.due, self.running)


def between(earlier: float | None, later: float | None) -> float | None:
    """Seconds between two times. Never less than 0, although the two clocks may differ a little."""
    return None if earlier is None or later is None else max(0.0, later - earlier)


def line_of(record: Record) -> RunLine:
    row, outcome, launched = record.row, record.outcome, record.launched
    started = outcome.started_at if outcome else launched.started_at if launched else None
    deaths = outcome.deaths if outcome else row.deaths if row else []
    accepted = row.created_at if row else None
    due = None
    if row is not None:
        due = max(row.created_at, row.not_before or 0.0)
    return RunLine(
        run_id=record.run_id,
        state=record.state,
        cause=record.cause,
        fault=outcome.fault if outcome else "",
        reason=outcome.reason if outcome else "",
        who=caller_text(record.caller),
        definition=record.definition,
        launches=outcome.launches if outcome else row.launch if row else 1,
        accepted=accepted,
        due=due,
        launched=row.launched_at if row else None,
        running=epoch(started),
        stopped=epoch(outcome.stopped_at) if outcome else None,
        recorded=row.ended_at if row else None,
        sealed=outcome.finished_at if outcome else None,
        replaced=_replaced(deaths, accepted),
    )


def _replaced(deaths: list[Death], accepted: float | None) -> list[Launch]:
    found: list[Launch] = []
    since = accepted
    for death in deaths:
        begin = death.at if since is None else min(since, death.at)
        found.append(
            Launch(
                number=death.launch,
                cause=death.cause,
                reason=death.reason,
                since=begin,
                until=death.at,
            )
        )
        since = death.at
    return found
