"""What Airflow's metadata database says, read beside Airflow."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A task instance at the end. ``earlier_tries`` are rows of its history."""

    ti_id: str
    task_id: str
    map_index: int
    state: str | None
    try_number: int
    earlier_tries: int
    start: float | None
    end: float | None


class Database:
    """A connection for each question, that only reads. ``url`` is PostgreSQL's."""

    def __init__(self, url: str) -> None:
        self._url = url

    def states(self, dag_id: str) -> Counter[str]:
        """How many task instances are in each state; ``none`` before they are scheduled."""
        rows = self._ask(
            "SELECT coalesce(state, 'none'), count(*) FROM task_instance WHERE dag_id = %s"
            " GROUP BY state",
            dag_id,
        )
        return Counter(dict(rows))

    def instances(self, dag_id: str) -> list[Instance]:
        rows = self._ask(
            "SELECT id, task_id, map_index, state, try_number, start_date, end_date,"
            " (SELECT count(*) FROM task_instance_history h WHERE h.dag_id = t.dag_id"
            " AND h.run_id = t.run_id AND h.task_id = t.task_id AND h.map_index = t.map_index)"
            " FROM task_instance t WHERE dag_id = %s",
            dag_id,
        )
        return [
            Instance(
                ti_id=str(ti_id).replace("-", ""),
                task_id=task_id,
                map_index=map_index,
                state=state,
                try_number=try_number,
                start=_epoch(start),
                end=_epoch(end),
                earlier_tries=earlier,
            )
            for ti_id, task_id, map_index, state, try_number, start, end, earlier in rows
        ]

    def mismatches(self) -> int:
        """How often the scheduler failed a task whose state it didn't expect."""
        (count,) = self._ask("SELECT count(*) FROM log WHERE event = 'state mismatch'")[0]
        return int(count)

    def heartbeats(self) -> dict[int, float]:
        """When each triggerer's heart beat last, by its job's id."""
        rows = self._ask("SELECT id, latest_heartbeat FROM job WHERE job_type = 'TriggererJob'")
        return {job: at for job, beat in rows if (at := _epoch(beat)) is not None}

    def waiting_with(self) -> list[tuple[str, int]]:
        """Each deferred task instance, and the triggerer that has its trigger."""
        return self._ask(
            "SELECT ti.id::text, t.triggerer_id FROM task_instance ti JOIN trigger t"
            " ON t.id = ti.trigger_id WHERE ti.state = 'deferred' AND t.triggerer_id IS NOT NULL"
        )

    def _ask(self, question: LiteralString, *parameters: Any) -> list[Any]:
        with psycopg.connect(self._url) as connection:
            connection.read_only = True
            return connection.execute(question, parameters).fetchall()


def _epoch(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
