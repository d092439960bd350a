"""The parts of Airflow's REST API v2 that are used here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True, kw_only=True)
class DagRun:
    dag_id: str
    run_id: str
    state: str
    logical_date: datetime | None
    start_date: datetime | None
    end_date: datetime | None

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            dag_id=answer["dag_id"],
            run_id=answer["dag_run_id"],
            state=answer["state"],
            logical_date=_time(answer["logical_date"]),
            start_date=_time(answer["start_date"]),
            end_date=_time(answer["end_date"]),
        )

    @property
    def finished(self) -> bool:
        return self.state in {"success", "failed"}


@dataclass(frozen=True, kw_only=True)
class TaskTry:
    """One try of a task instance; ``state`` is None before it is scheduled.

    ``scheduled_when`` and ``queued_when`` are the latest ones. After a deferral they are those of
    the task's resumption.
    """

    task_id: str
    map_index: int
    try_number: int
    max_tries: int
    state: str | None
    start_date: datetime | None
    end_date: datetime | None
    scheduled_when: datetime | None
    queued_when: datetime | None

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            task_id=answer["task_id"],
            map_index=answer["map_index"],
            try_number=answer["try_number"],
            max_tries=answer["max_tries"],
            state=answer["state"],
            start_date=_time(answer["start_date"]),
            end_date=_time(answer["end_date"]),
            scheduled_when=_time(answer.get("scheduled_when")),
            queued_when=_time(answer.get("queued_when")),
        )

    @property
    def seconds(self) -> float | None:
        """From the start of the try to its end, the deferral included."""
        if self.start_date is None or self.end_date is None:
            return None
        return (self.end_date - self.start_date).total_seconds()


class Task(TaskTry):
    """A task instance: its newest try."""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of a task's log, as the UI shows it.

    ``fields`` holds what a structured line carries besides (``level``, ``logger``, ``error_detail``
    …).
    """

    event: str
    timestamp: datetime | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, answer: str | dict[str, Any]) -> Self:
        if isinstance(answer, str):
            return cls(event=answer)
        others = {k: v for k, v in answer.items() if k not in ("event", "timestamp")}
        return cls(
            event=answer.get("event", ""), timestamp=_time(answer.get("timestamp")), fields=others
        )


@dataclass(frozen=True, kw_only=True)
class ImportFailure:
    """A DAG file that Airflow can't import."""

    filename: str
    stack_trace: str
