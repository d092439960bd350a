"""A run as the report has it: its moments, its launches, its end."""

from dataclasses import dataclass, field

from jetbridge.contract import Death
from jetbridge_cli.operate.record import Record, caller_text, epoch


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A launch that another replaced. ``since`` and ``until`` are epoch seconds: from the moment
    when it was due to its end."""

    number: int
    cause: str
    reason: str
    since: float
    until: float


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """Attributes:
    state: as of ``Record``.
    accepted: when the run's row was written. All moments are epoch seconds, None where the tables
        don't have it.
    due: when its last launch was due: accepted, or the end of its back-off.
    launched, running, stopped: of the last launch. AWS's own clock says the last two.
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
        """The first moment that is known."""
        known = [self.accepted, self.due, self.launched, self.running, self.sealed]
        return min((each for each in known if each is not None), default=None)

    @property
    def start_seconds(self) -> float | None:
        """From due to running; None where either isn't known."""
        return between(self.due, self.running)


def between(earlier: float | None, later: float | None) -> float | None:
    """Seconds. Two clocks may disagree by a little: never less than 0."""
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
        running=epoch(started) if started else None,
        stopped=epoch(outcome.stopped_at) if outcome and outcome.stopped_at else None,
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
