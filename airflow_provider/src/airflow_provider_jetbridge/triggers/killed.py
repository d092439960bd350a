"""A run whose trigger Airflow has taken away, and whether that was a kill."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

from asgiref.sync import sync_to_async

from airflow_provider_jetbridge.aws import AwsAccess

DEFERRED = "deferred"

TASK_IDS_OF_ONE_QUESTION = 100


class Task(NamedTuple):
    """A task instance, whichever try."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int

    def __str__(self) -> str:
        index = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}/{self.run_id}/{self.task_id}{index}"


class StopTarget(NamedTuple):
    """Where a run is stopped, where its outcome would be, and as which Airflow it is stopped."""

    stop_function: str
    outcomes_table: str
    access: AwsAccess
    airflow: str | None = None


@dataclass(frozen=True)
class Killed:
    """``caller_key`` is that of the try that waited for the run (``AirflowCaller.key``)."""

    run_id: str
    caller_key: str
    task: Task
    target: StopTarget
    attempts: int = 0

    def again(self) -> Killed:
        return replace(self, attempts=self.attempts + 1)


async def not_deferred(kills: list[Killed]) -> list[Killed]:
    """Those whose task instance is not deferred, or gone; Airflow is asked once per DAG run.

    A task that was cleared may be deferred again, in its next try. The start of that try has
    ended the run, or gone on with it.

    Raises:
        AirflowRuntimeError: Airflow can't be asked.
    """
    # Airflow names a mapped instance `<task id>_<map index>`, which another task may be called.
    questions: dict[tuple[str, str, bool], list[Killed]] = defaultdict(list)
    for killed in kills:
        task = killed.task
        questions[task.dag_id, task.run_id, task.map_index >= 0].append(killed)
    meant: list[Killed] = []
    for (dag_id, run_id, mapped), some in questions.items():
        states = await _states(dag_id, run_id, sorted({killed.task.task_id for killed in some}))
        for killed in some:
            task = killed.task
            name = f"{task.task_id}_{task.map_index}" if mapped else task.task_id
            if states.get(name) != DEFERRED:
                meant.append(killed)
    return meant


async def _states(dag_id: str, run_id: str, task_ids: list[str]) -> dict[str, str | None]:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    ask = sync_to_async(RuntimeTaskInstance.get_task_states)
    states: dict[str, str | None] = {}
    for start in range(0, len(task_ids), TASK_IDS_OF_ONE_QUESTION):
        some = task_ids[start : start + TASK_IDS_OF_ONE_QUESTION]
        answer = await ask(dag_id=dag_id, task_ids=some, run_ids=[run_id])
        states.update(answer.get(run_id, {}))
    return states


async def count(task: Task) -> int:
    """How many instances the task has in its DAG run: the cheapest of a trigger's questions.

    Raises:
        AirflowRuntimeError: Airflow can't be asked.
    """
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    ask = sync_to_async(RuntimeTaskInstance.get_ti_count)
    return await ask(dag_id=task.dag_id, task_ids=[task.task_id], run_ids=[task.run_id])
