"""A small client of Airflow's REST API v2."""

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from jetbridge_local.airflow.api import PAGE, AirflowApi, AirflowError, checked
from jetbridge_local.airflow.models import DagRun, ImportFailure, LogLine, Task, TaskTry
from jetbridge_local.waiting import looks


class AirflowClient:
    """Reads states, logs and XComs, and starts DAG runs; a context manager.

    ``url``, ``username`` and ``password`` are those of `AirflowApi`. ``check`` is called while the
    client waits for something; it raises if a part of the Airflow has ended.
    """

    def __init__(
        self,
        url: str,
        username: str | None = None,
        password: str | None = None,
        *,
        check: Callable[[], object] = bool,
    ) -> None:
        self._check = check
        self._api = AirflowApi(url, username, password)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._api.close()

    def wait_for_dag(self, dag_id: str, timeout: float = 60) -> None:
        """Wait until a DAG is known and can be run.

        Raises:
            AirflowError: its file can't be imported, or it doesn't appear in time.
        """

        def known() -> bool:
            if failures := self.import_failures():
                raise AirflowError(
                    "\n".join(f"{each.filename}:\n{each.stack_trace}" for each in failures)
                )
            return self._api.request("GET", f"/api/v2/dags/{quote(dag_id)}").status_code == 200

        self._wait(known, timeout, f"DAG {dag_id} didn't appear")

    def import_failures(self) -> list[ImportFailure]:
        answer = self._api.json("GET", "/api/v2/importErrors")
        return [
            ImportFailure(filename=each["filename"], stack_trace=each["stack_trace"])
            for each in answer["import_errors"]
        ]

    def add_connection(self, connection_id: str, conn_type: str, **fields: Any) -> None:
        """Store a connection in Airflow's database.

        ``fields`` are those of Airflow's own form: ``login``, ``password``, ``host``, and
        ``extra``, which is JSON text.
        """
        body = {"connection_id": connection_id, "conn_type": conn_type, **fields}
        self._api.json("POST", "/api/v2/connections", json=body)

    def connection(self, connection_id: str) -> dict[str, Any]:
        """A connection as it is stored in Airflow's database; fields as in `add_connection`."""
        return self._api.json("GET", f"/api/v2/connections/{quote(connection_id, safe='')}")

    def test_connection(self, conn_type: str, **fields: Any) -> tuple[bool, str]:
        """What the button "Test" of a connection's form says; ``[core] test_connection`` allows it.

        ``fields`` as in `add_connection`.
        """
        body = {"connection_id": "tested", "conn_type": conn_type, **fields}
        answer = self._api.json("POST", "/api/v2/connections/test", json=body)
        return answer["status"], answer["message"]

    def hook_meta(self) -> list[dict[str, Any]]:
        """What Airflow's page of connections knows of each connection type's form."""
        answer = checked(self._api.request("GET", "/ui/connections/hook_meta"))
        meta: list[dict[str, Any]] = answer.json()
        return meta

    def trigger(
        self,
        dag_id: str,
        *,
        run_id: str | None = None,
        logical_date: str | None = None,
        conf: dict[str, Any] | None = None,
    ) -> DagRun:
        """Start a DAG run; ``logical_date`` in ISO 8601, None for a run without one."""
        body = {"logical_date": logical_date, "conf": conf or {}}
        body |= {"dag_run_id": run_id} if run_id else {}
        return DagRun.parse(
            self._api.json("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", json=body)
        )

    def dag_run(self, dag_id: str, run_id: str) -> DagRun:
        return DagRun.parse(self._api.json("GET", _run_path(dag_id, run_id)))

    def dag_runs(self, dag_id: str) -> list[DagRun]:
        """All runs of a DAG."""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns"
        return [DagRun.parse(each) for each in self._api.pages(path, "dag_runs")]

    def wait_for_dag_run(
        self,
        dag_id: str,
        run_id: str,
        timeout: float,
        progress: Callable[[list[Task]], None] | None = None,
    ) -> DagRun:
        """Wait until a DAG run has succeeded or failed; ``progress`` gets its tasks.

        Raises:
            AirflowError: it hasn't ended in time.
        """

        def finished() -> bool:
            answer = self._api.request("GET", _run_path(dag_id, run_id))
            if answer.status_code == httpx.codes.NOT_FOUND:
                # Airflow 3.0 answers a trigger before it commits the DAG run.
                return False
            if progress:
                progress(self.tasks(dag_id, run_id))
            return DagRun.parse(checked(answer).json()).finished

        self._wait(finished, timeout, f"DAG run {run_id} of {dag_id} hasn't ended")
        return self.dag_run(dag_id, run_id)

    def tasks(self, dag_id: str, run_id: str) -> list[Task]:
        """The newest try of each task instance of a DAG run, mapped ones included."""
        path = f"{_run_path(dag_id, run_id)}/taskInstances"
        return [Task.parse(each) for each in self._api.pages(path, "task_instances")]

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clear a task instance as the UI does: it runs again, whatever its state."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id]}
        body |= {"only_failed": False, "reset_dag_runs": True}
        self._api.json("POST", f"/api/v2/dags/{quote(dag_id)}/clearTaskInstances", json=body)

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task instance as the UI does; ``state`` is success, failed or skipped."""
        path = f"{_run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}"
        self._api.json("PATCH", path, json={"new_state": state})

    def mark_dag_run(self, dag_id: str, run_id: str, state: str) -> None:
        """Mark a DAG run as the UI does: success, failed, or queued to run again."""
        self._api.json("PATCH", _run_path(dag_id, run_id), json={"state": state})

    def delete_dag(self, dag_id: str) -> None:
        checked(self._api.request("DELETE", f"/api/v2/dags/{quote(dag_id)}"))

    def delete_dag_run(self, dag_id: str, run_id: str) -> None:
        checked(self._api.request("DELETE", _run_path(dag_id, run_id)))

    def asset_events(self, dag_id: str, task_id: str) -> list[dict[str, Any]]:
        """The events that a task's outlets got, newest first, as the API has them."""
        params = {"source_dag_id": dag_id, "source_task_id": task_id, "limit": PAGE}
        answer = self._api.json(
            "GET", "/api/v2/assets/events", params=params | {"order_by": "-timestamp"}
        )
        events: list[dict[str, Any]] = answer["asset_events"]
        return events

    def event_logs(self, dag_id: str, run_id: str, event: str) -> list[dict[str, Any]]:
        """The entries of Airflow's audit log on a DAG run with this event, as the API has them."""
        params = {"dag_id": dag_id, "run_id": run_id, "event": event, "limit": PAGE}
        entries: list[dict[str, Any]] = self._api.json("GET", "/api/v2/eventLogs", params=params)[
            "event_logs"
        ]
        return entries

    def tries(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> list[TaskTry]:
        """Each try of a task instance, the first one first."""
        path = f"{_task_path(dag_id, run_id, task_id, map_index)}/tries"
        tries = [TaskTry.parse(each) for each in self._api.json("GET", path)["task_instances"]]
        return sorted(tries, key=lambda each: each.try_number)

    def log(
        self, dag_id: str, run_id: str, task_id: str, try_number: int, map_index: int = -1
    ) -> list[LogLine]:
        """The whole log of one try, in the UI's order.

        The first lines name the log's sources, as ``::group::Log message source details``.
        """
        path = f"{_run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}/logs/{try_number}"
        answer = self._api.json(
            "GET",
            path,
            params={"full_content": "true", "map_index": map_index},
            headers={"Accept": "application/json"},
        )
        return [LogLine.parse(each) for each in answer["content"]]

    def xcom(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        key: str = "return_value",
        map_index: int = -1,
    ) -> Any:
        """The value of an XCom entry; None where there is none."""
        path = f"{_run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}/xcomEntries"
        params = {"map_index": map_index, "deserialize": "false", "stringify": "false"}
        answer = self._api.request("GET", f"{path}/{quote(key, safe='')}", params=params)
        if answer.status_code == 404:
            return None
        return checked(answer).json()["value"]

    def links(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> dict[str, str | None]:
        """The task instance's extra links by name; None for one that isn't known."""
        path = f"{_run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}/links"
        answer = self._api.json("GET", path, params={"map_index": map_index})
        links: dict[str, str | None] = answer["extra_links"]
        return links

    def _wait(self, condition: Callable[[], bool], timeout: float, complaint: str) -> None:
        for _ in looks(timeout, pause=0.5):
            self._check()
            # Ask a late API again: a whole Airflow and more share this machine.
            with suppress(httpx.TimeoutException):
                if condition():
                    return
        raise AirflowError(f"{complaint} within {timeout:g} s")


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}"


def _task_path(dag_id: str, run_id: str, task_id: str, map_index: int) -> str:
    path = f"{_run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}"
    return path if map_index < 0 else f"{path}/{map_index}"
