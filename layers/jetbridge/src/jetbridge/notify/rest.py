"""``rest``: sets the waiting task's state with Airflow's API (docs/explanation/finish.md)."""

from typing import Any

from jetbridge.contract import AirflowCaller, Outcome, State
from jetbridge.notify.airflow_port import Answer, Refused
from jetbridge.notify.api import Api, detail_of, path_of
from jetbridge.queues.port import NotYet

RESULT_KEY = "return_value"
RUN_ID_KEY = "run_id"

# States of airflow.utils.state.TaskInstanceState.
_WAITING = ("deferred", "up_for_reschedule", "awaiting_input")
_OVER = ("success", "failed", "skipped", "upstream_failed", "removed", "up_for_retry")

# If a worker has had the task for long already, the next look comes later.
AT_WORK_SECONDS = 10
AT_WORK_SHARE = 0.1


def rest(api: Api, outcome: Outcome, caller: AirflowCaller, now: float) -> str:
    """Finish the try that waits. Returns the result in words. Repeating it is harmless: a try that
    is over, and any later try, is left alone.

    Raises:
        NotYet: a worker is running the task right now.
        Unavailable, Refused: as ``Api.call``.
    """
    return _Try(api, outcome, caller).finish(now)


class _Try:
    def __init__(self, api: Api, outcome: Outcome, caller: AirflowCaller) -> None:
        self._api = api
        self._outcome = outcome
        self._caller = caller
        self._run = path_of("api", "v2", "dags", caller.dag_id, "dagRuns", caller.run_id)
        self._task = self._run + path_of("taskInstances", caller.task_id)
        self._path = self._task
        if caller.map_index >= 0:
            self._path += path_of(caller.map_index)

    def finish(self, now: float) -> str:
        found = self._api.call("GET", self._path, known=(404,))
        if found.status == 404:
            return self._gone(found)
        if not isinstance(found.body, dict) or "state" not in found.body:
            raise Refused(
                f"Airflow {self._api.name!r} answers GET {self._path} with no task instance: "
                "check the secret's url"
            )
        current = (found.body.get("id"), found.body.get("try_number"))
        if current != (self._caller.ti_id, self._caller.try_number):
            return "gone"
        state = found.body["state"]
        if state in _OVER:
            return f"already {state}"
        if state not in _WAITING:
            age = now - self._outcome.finished_at
            delay = max(AT_WORK_SECONDS, round(age * AT_WORK_SHARE))
            raise NotYet(f"the task instance is {state}", delay)
        if self._outcome.state is State.SUCCEEDED:
            self._push_xcom(RUN_ID_KEY, self._outcome.run_id)
            if self._outcome.result is not None:
                self._push_xcom(RESULT_KEY, self._outcome.result)
            return self._set("success")
        if self._tries_left(found.body):
            return self._clear()
        return self._set("failed")

    def _push_xcom(self, key: str, value: Any) -> None:
        entries = self._task + path_of("xcomEntries")
        body = {"value": value, "map_index": self._caller.map_index}
        answer = self._api.call("POST", entries, body | {"key": key}, known=(409,))
        if answer.status == 409:
            self._api.call("PATCH", entries + path_of(key), body)

    def _tries_left(self, instance: dict[str, Any]) -> bool:
        """A clear raises ``max_tries`` by the task's ``retries`` each time (airflow,
        models/taskinstance.py, ``clear_task_instances``), so that alone would never end."""
        path = path_of("api", "v2", "dags", self._caller.dag_id, "tasks", self._caller.task_id)
        task = self._api.call("GET", path).body
        retries = task.get("retries") if isinstance(task, dict) else None
        allowed = min(int(retries or 0), int(instance.get("max_tries") or 0))
        return self._caller.try_number <= allowed

    def _clear(self) -> str:
        caller = self._caller
        one = [caller.task_id, caller.map_index] if caller.map_index >= 0 else caller.task_id
        body = {
            "dry_run": False,
            "dag_run_id": caller.run_id,
            "task_ids": [one],
            "only_failed": False,
            "reset_dag_runs": False,
        }
        path = path_of("api", "v2", "dags", caller.dag_id, "clearTaskInstances")
        answer = self._api.call("POST", path, body, known=(404,))
        return self._gone(answer) if answer.status == 404 else "cleared"

    def _set(self, state: str) -> str:
        answer = self._api.call("PATCH", self._path, {"new_state": state}, known=(404, 409))
        if answer.status == 404:
            return self._gone(answer)
        return f"already {state}" if answer.status == 409 else state

    def _gone(self, answer: Answer) -> str:
        """A deleted task instance or DAG run is normal; any other 404 is an error."""
        detail = detail_of(answer).lower()
        if "task instance" in detail or "dag run" in detail or "dagrun" in detail:
            return "gone"
        raise Refused(
            f"Airflow {self._api.name!r} answers 404 to {self._path}: check the secret's url"
        )
