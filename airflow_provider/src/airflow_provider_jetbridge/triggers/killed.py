"""Finds out whether a user killed a task, after Airflow has removed its trigger."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

from asgiref.sync import sync_to_async

from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.task_instance import Task

DEFERRED = "deferred"

TASK_IDS_OF_ONE_QUESTION = 100


class StopTarget(NamedTuple):
    """The function that stops a run, the table for its outcome, and the Airflow that asks."""

    stop_function: str
    outcomes_table: str
    access: AwsAccess
    airflow: str | None = None


@dataclass(frozen=True)
class Killed:
    """A possibly killed task's run. ``caller_key`` is the key of the try that waited for it
    (``AirflowCaller.key``)."""

    run_id: str
    caller_key: str
    task: Task
    target: StopTarget
    attempts: int = 0

    def again(self) -> Killed:
        return replace(self, attempts=self.attempts + 1)


async def not_deferred(kills: list[Killed]) -> list[Killed]:
    """The kills whose task instance isn't deferred any more, or is gone. Asks Airflow once per DAG
    run.

    A cleared task may be deferred again, in its next try. That try has already stopped the run, or
    taken it over.

    Raises:
        AirflowRuntimeError: Airflow's API can't be reached.
    """
    # Airflow names a mapped instance `<task id>_<map index>`. Another task may have the same name.
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
    """The number of instances of the task in its DAG run. This is the cheapest question that a
    trigger can ask.

    Raises:
        AirflowRuntimeError: Airflow's API can't be reached.
    """
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    ask = sync_to_async(RuntimeTaskInstance.get_ti_count)
    return await ask(dag_id=task.dag_id, task_ids=[task.task_id], run_ids=[task.run_id])
