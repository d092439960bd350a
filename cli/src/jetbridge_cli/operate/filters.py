"""Selects runs by state, caller, DAG, task, definition, cause and time."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from jetbridge.contract import AirflowCaller, Cause, PersonCaller, ScheduleCaller, State, kind_of
from jetbridge.runs.names import last_segment
from jetbridge_cli.operate.record import UNFINISHED_STATES, Record
from jetbridge_cli.operate.times import moment_of
from jetbridge_cli.problems import Problem

FINISHED, UNFINISHED = "finished", "unfinished"
_END_OF_TIME = 10.0**11
_STATES = (*State, *UNFINISHED_STATES)


@dataclass(frozen=True)
class Filter:
    """Attributes:
    states, causes: any of these. Empty means all.
    caller: a kind of caller (airflow, schedule, event, person), or a person's or schedule's name.
    definition: ``family`` or ``family:revision``.
    since, until: epoch seconds. The time when the run ended counts, or when it was accepted if it
        hasn't ended.
    """

    states: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    caller: str = ""
    dag: str = ""
    task: str = ""
    definition: str = ""
    since: float = 0
    until: float = _END_OF_TIME

    @classmethod
    def of(
        cls,
        states: Sequence[str] | None = None,
        causes: Sequence[str] | None = None,
        caller: str | None = None,
        dag: str | None = None,
        task: str | None = None,
        definition: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> "Filter":
        """Make the filter from the options. Raises: Problem"""
        named = {FINISHED: tuple(State), UNFINISHED: UNFINISHED_STATES}
        chosen = [
            each
            for state in states or []
            for each in named.get(_known("--state", state, (*_STATES, *named)), (state.lower(),))
        ]
        known = [_known("--cause", cause, tuple(Cause)) for cause in causes or []]
        return cls(
            states=frozenset(map(str, chosen)),
            causes=frozenset(known),
            caller=caller or "",
            dag=dag or "",
            task=task or "",
            definition=definition or "",
            since=moment_of("--since", since) if since else 0,
            until=moment_of("--until", until) if until else _END_OF_TIME,
        )

    @property
    def unfinished(self) -> bool:
        """Whether the filter may select unfinished runs."""
        return not self.causes and (not self.states or bool(self.states & {*UNFINISHED_STATES}))

    @property
    def finished(self) -> bool:
        return not self.states or bool(self.states & {*State})

    def __call__(self, record: Record) -> bool:
        outcome, row = record.outcome, record.row
        at = outcome.finished_at if outcome else row.created_at if row else self.since
        return (
            self.since <= at <= self.until
            and (not self.states or record.state in self.states)
            and (not self.causes or record.cause in self.causes)
            and self.is_about(record)
        )

    def is_about(self, record: Record) -> bool:
        """Whether the run's caller, DAG, task and definition match."""
        return (
            (not self.dag or record.dag_id == self.dag)
            and (not self.task or record.task_id == self.task)
            and (not self.caller or self._is_caller(record))
            and (not self.definition or self._is_definition(record.definition))
        )

    def _is_caller(self, record: Record) -> bool:
        caller = record.caller
        if caller is None:
            return False
        names: list[str] = [kind_of(caller)]
        match caller:
            case PersonCaller():
                names.append(caller.name)
            case ScheduleCaller():
                names += [caller.schedule_arn, last_segment(caller.schedule_arn)]
            case AirflowCaller():
                names.append(caller.airflow_name)
            case _:
                names.append(caller.rule)
        return self.caller in names

    def _is_definition(self, definition: str) -> bool:
        wanted = last_segment(self.definition)
        return wanted in (definition, definition.rpartition(":")[0])


def _known(option: str, value: str, known: Sequence[str]) -> str:
    """The value in lower case. Raises Problem for an unknown value, and suggests the nearest
    one."""
    if value.lower() in known:
        return value.lower()
    close = difflib.get_close_matches(value.lower(), known, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    raise Problem(f"{option}: there is no {value!r}: {hint}")
