"""What the tests ask of an Airflow."""

from collections.abc import Callable
from contextlib import suppress

import httpx

from jetbridge_local.airflow import AirflowClient, Task
from jetbridge_local.waiting import looks


class DagRunOf:
    """One DAG run and its tasks."""

    def __init__(self, client: AirflowClient, dag_id: str, logical_date: str | None = None) -> None:
        self.client = client
        client.wait_for_dag(dag_id)
        self.key = dag_id, client.trigger(dag_id, logical_date=logical_date).run_id

    def task(self, task_id: str = "waits", map_index: int = -1) -> Task:
        (found,) = (
            task for task in self.tasks() if (task.task_id, task.map_index) == (task_id, map_index)
        )
        return found

    def tasks(self) -> list[Task]:
        return self.client.tasks(*self.key)

    def states(self) -> list[str | None]:
        return [task.state for task in self.tasks()]

    def wait_deferred(self, count: int, seconds: float = 240) -> None:
        until(lambda: self.states().count("deferred") >= count, seconds)

    def wait_triggered(self, count: int) -> None:
        """Wait until this many tasks' triggers have begun: before, Airflow doesn't tell them of
        kills."""
        self.wait_deferred(count)
        for task in self.tasks():
            if task.state == "deferred":
                until(lambda task=task: self._has_begun(task), 240)

    def _has_begun(self, task: Task) -> bool:
        lines = self.client.log(*self.key, task.task_id, task.try_number, task.map_index)
        return any("Waiting for the outcome of run" in line.event for line in lines)


def until(condition: Callable[[], object], seconds: float = 240) -> None:
    """An API that is late is asked again: a whole Airflow and more share this machine."""
    for _ in looks(seconds):
        with suppress(httpx.TimeoutException):
            if condition():
                return
    raise AssertionError("it didn't happen in time")
