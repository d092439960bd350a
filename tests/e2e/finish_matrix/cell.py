"""One task of the suite's DAG runs, as Airflow and the outcomes table know it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from finish_matrix.stage import Stage
from jetbridge_local.airflow import AirflowError, TaskTry
from jetbridge_local.site.outcomes import Finished
from jetbridge_local.waiting import looks

ENDED = ("success", "failed", "skipped")


@dataclass(frozen=True)
class Cell:
    """One task of one DAG run."""

    stage: Stage
    dag_id: str
    run_id: str
    task_id: str

    @property
    def tries(self) -> list[TaskTry]:
        return self.stage.client.tries(self.dag_id, self.run_id, self.task_id)

    @property
    def states(self) -> list[str | None]:
        return [each.state for each in self.tries]

    @property
    def state(self) -> str | None:
        tasks = self.stage.client.tasks(self.dag_id, self.run_id)
        [state] = [task.state for task in tasks if task.task_id == self.task_id]
        return state

    @property
    def callbacks(self) -> list[tuple[int, str]]:
        """Which callback ran for which try, in order."""
        lines = [json.loads(line) for line in self.stage.record.read_text().splitlines()]
        mine = [self.dag_id, self.run_id, self.task_id]
        return [(line[3], line[4]) for line in lines if line[:3] == mine]

    @property
    def asset_events(self) -> int:
        events = self.stage.client.asset_events(self.dag_id, self.task_id)
        return sum(event["source_run_id"] == self.run_id for event in events)

    @property
    def result(self) -> Any:
        return self.stage.client.xcom(self.dag_id, self.run_id, self.task_id)

    @property
    def story(self) -> str:
        """The log of the last try."""
        last = self.tries[-1].try_number
        lines = self.stage.client.log(self.dag_id, self.run_id, self.task_id, last)
        return "\n".join(line.event for line in lines)

    def clear(self) -> bool:
        """Whether Airflow has cleared it: it refuses while the task still runs."""
        try:
            self.stage.client.clear(self.dag_id, self.run_id, self.task_id)
        except AirflowError:
            return False
        return True

    def wait(self, state: str, try_number: int = 1, timeout: float = 240) -> None:
        """Wait until that try is in a state."""

        def there() -> bool:
            last = self.tries[-1]
            return (last.try_number, last.state) == (try_number, state)

        until(there, timeout, f"{self.task_id}: try {try_number} {state}")

    def wait_ended(self, timeout: float = 240) -> list[str | None]:
        """The states of its tries, when the last has ended."""
        until(lambda: self.state in ENDED, timeout, f"the end of {self.task_id}")
        return self.states

    def wait_followed(self, callbacks: list[tuple[int, str]], asset_events: int) -> None:
        """Wait for this many callbacks: Airflow runs them after it has written the task's state."""
        for _ in looks(240):
            if len(self.callbacks) >= len(callbacks) and self.asset_events >= asset_events:
                return

    def wait_outcome(self, try_number: int = 1, timeout: float = 240) -> Finished:
        until(
            lambda: self._outcome(try_number) is not None,
            timeout,
            f"the outcome of {self.task_id}, try {try_number}",
        )
        outcome = self._outcome(try_number)
        assert outcome is not None
        return outcome

    def _outcome(self, try_number: int) -> Finished | None:
        return self.stage.outcome(self.dag_id, self.run_id, self.task_id, try_number)

    def seconds(self) -> float | None:
        """Seconds from the stop of the last try's container to the end of the task.

        A sensor that is marked keeps the end of its last look, so for a sensor the mark counts.
        """
        last = self.tries[-1]
        finished = self._outcome(last.try_number)
        if finished is None or last.end_date is None:
            return None
        path = f"/dagRuns/{quote(self.run_id, safe='')}/taskInstances/{self.task_id}"
        marked = [
            call.at
            for call in self.stage.proxy.calls
            if call.method == "PATCH" and call.path.endswith(path)
        ]
        return max([last.end_date.timestamp(), *marked]) - finished.stopped_at


def until(condition: Callable[[], bool], timeout: float, what: str) -> None:
    for _ in looks(timeout, pause=0.5):
        if condition():
            return
    raise AssertionError(f"waited for {timeout:g} s: {what}")
