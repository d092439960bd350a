"""One run from the tables: its row, its outcome, and its records before the outcome."""

from dataclasses import dataclass
from typing import Any, TypeVar

from jetbridge.contract import (
    AirflowCaller,
    Caller,
    ContractError,
    Launched,
    Outcome,
    Waiting,
    decode,
    epoch,
    read_record,
    to_builtins,
)
from jetbridge.runs.item import from_item
from jetbridge.runs.names import last_segment
from jetbridge.runs.port import UnreadableRow
from jetbridge.runs.reports import RUNNING
from jetbridge.runs.run import Run, Status
from jetbridge.sizing.groups import who_asked

Item = dict[str, Any]
T = TypeVar("T")

RUNNING_STATE = "running"
UNREADABLE = "unreadable"
UNFINISHED_STATES = (*Status, RUNNING_STATE)


@dataclass(frozen=True, kw_only=True)
class Record:
    """Attributes:
    row: None if it has expired (after 30 days) or can't be read.
    outcome: None if the run isn't finished, or if the outcome has expired (after 14 days) or can't
        be read.
    launched, waiting: what Airflow learns about the run before its outcome.
    problem: why something can't be read. "" if everything can.
    """

    run_id: str
    row: Run | None = None
    outcome: Outcome | None = None
    launched: Launched | None = None
    waiting: Waiting | None = None
    problem: str = ""

    @property
    def finished(self) -> bool:
        return self.outcome is not None

    @property
    def state(self) -> str:
        """``succeeded``, ``failed`` or ``stopped``. Before the end, the state of the launch, or
        ``running`` if AWS has reported that its containers run."""
        if self.outcome is not None:
            return self.outcome.state
        if self.row is None:
            return UNREADABLE
        if self.row.status is Status.LAUNCHED and self._runs(self.row):
            return RUNNING_STATE
        return self.row.status

    def _runs(self, row: Run) -> bool:
        """Whether the containers run. The launched record says so at once, but the row only after
        the sweeper's first look."""
        launched = self.launched
        started = launched is not None and launched.started_at is not None
        return row.backend_status == RUNNING or (
            started and launched is not None and launched.launch == row.launch
        )

    @property
    def caller(self) -> Caller | None:
        if self.outcome is not None:
            return self.outcome.caller
        return self.row.caller if self.row else None

    @property
    def dag_id(self) -> str:
        return self.caller.dag_id if isinstance(self.caller, AirflowCaller) else ""

    @property
    def task_id(self) -> str:
        return self.caller.task_id if isinstance(self.caller, AirflowCaller) else ""

    @property
    def definition(self) -> str:
        """``family:revision``. Before the launch, the definition in the request."""
        if self.outcome is not None and self.outcome.definition:
            return last_segment(self.outcome.definition)
        if self.row is None:
            return ""
        if self.row.definition is not None:
            return last_segment(self.row.definition.arn)
        parameters = self.row.request.parameters
        return last_segment(
            str(parameters.get("taskDefinition") or parameters.get("jobDefinition") or "")
        )

    @property
    def cause(self) -> str:
        return self.outcome.cause if self.outcome else ""

    @property
    def began_at(self) -> float | None:
        """When the containers started, or else when the run was accepted, in epoch seconds."""
        of = self.outcome or self.launched
        started = epoch(of.started_at) if of is not None else None
        if started is not None:
            return started
        return self.row.created_at if self.row else None

    @property
    def seconds(self) -> float | None:
        """How long the last launch's containers ran, in seconds."""
        if self.outcome is None:
            return None
        started, stopped = epoch(self.outcome.started_at), epoch(self.outcome.stopped_at)
        return None if started is None or stopped is None else max(0.0, stopped - started)

    def as_json(self) -> dict[str, Any]:
        """The run as JSON, for scripts. Times are in epoch seconds, and unknown values are null."""
        outcome, row = self.outcome, self.row
        return {
            "run_id": self.run_id,
            "state": self.state,
            "cause": self.cause or None,
            "caller": to_builtins(self.caller) if self.caller else None,
            "definition": self.definition or None,
            "launches": outcome.launches if outcome else row.launch if row else None,
            "created_at": row.created_at if row else None,
            "began_at": self.began_at,
            "finished_at": outcome.finished_at if outcome else None,
            "seconds": self.seconds,
            "exit_codes": dict(outcome.exit_codes) if outcome else {},
            "problem": self.problem or None,
        }


def record_of(run_id: str, row: Item, item: Item) -> Record:
    """Args:
    row: the item of the runs table in DynamoDB's notation. {} if there is none.
    item: the item of the outcomes table, in the same form.
    """
    problems: list[str] = []
    run: Run | None = None
    try:
        run = from_item(row) if row else None
    except UnreadableRow as error:
        problems.append(str(error))
    outcome = _decoded(Outcome, item, "outcome", problems)
    return Record(
        run_id=run_id,
        row=run,
        outcome=outcome,
        launched=None if outcome else _decoded(Launched, item, "launched", problems),
        waiting=None if outcome else _decoded(Waiting, item, "waiting", problems),
        problem="; ".join(problems),
    )


def _decoded(kind: type[T], item: Item, attribute: str, problems: list[str]) -> T | None:
    if attribute not in item:
        return None
    try:
        return decode(kind, read_record(item[attribute].get("S", "")))
    except ContractError as error:
        problems.append(f"its {attribute} can't be read: {error}")
        return None


def caller_text(caller: Caller | None) -> str:
    """A run's caller, in a few words."""
    match caller:
        case None:
            return ""
        case AirflowCaller():
            mapped = f"[{caller.map_index}]" if caller.map_index >= 0 else ""
            return f"{caller.dag_id}.{caller.task_id}{mapped} try {caller.try_number}"
        case _:
            return who_asked(caller)
