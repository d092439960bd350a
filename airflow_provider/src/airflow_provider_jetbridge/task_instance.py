"""Which task instance a run belongs to, and which of its tries."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec import UNSET

from airflow_provider_jetbridge import settings
from jetbridge.contract import AirflowCaller


class Task(NamedTuple):
    """A task instance, for any of its tries."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int

    @classmethod
    def of(cls, known: Any) -> Task:
        """The task instance of anything that has these four attributes, such as a caller or
        Airflow's own task instance."""
        return cls(known.dag_id, known.run_id, known.task_id, known.map_index)

    def __str__(self) -> str:
        index = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}/{self.run_id}/{self.task_id}{index}"


def caller_of(ti: Any, airflow: str | None = None) -> AirflowCaller:
    """This try of the task instance, in the form that requests use.

    Args:
        airflow: this Airflow's name in the stack. None takes ``[jetbridge] airflow``.
    """
    name = airflow or settings.airflow()
    return AirflowCaller(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        map_index=ti.map_index,
        try_number=ti.try_number,
        ti_id=str(ti.id),
        max_tries=ti.max_tries,
        airflow=UNSET if name == settings.DEFAULT_AIRFLOW else name,
    )


def try_of(ti: Any) -> list[Any]:
    """What identifies a try: (task instance id, try number), as a JSON list.

    Airflow gives a new id to retries and clears. After a "state mismatch" failure it only increases
    the try number (airflow/models/taskinstance.py, ``prepare_db_for_next_try``).
    """
    return [str(ti.id), ti.try_number]


def waiting_try(caller: AirflowCaller, attached_try: list[Any] | None) -> list[Any]:
    """The try that waits for a run, in the form of `try_of`.

    Args:
        caller: the try that started the run.
        attached_try: the try that took the run over. None if none did.
    """
    return attached_try or [caller.ti_id, caller.try_number]
