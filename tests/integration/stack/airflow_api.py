"""As much of Airflow's stock API as asset events need, and `rest` to finish task instances."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from http_server import HttpServer, Reply, Request

TOKEN = "a-token"
ASSET = "s3://lake/orders"
"""The one asset that it has."""
Answer = tuple[int, dict[str, Any]]


class Task:
    """One that waits in a rescheduling sensor without tries left; ``xcoms`` are what it gets."""

    def __init__(self, run_id: str) -> None:
        self.caller = {
            "kind": "airflow",
            "dag_id": "summary",
            "run_id": run_id,
            "task_id": "wait",
            "try_number": 1,
            "ti_id": str(uuid.uuid4()),
        }
        self.state = "up_for_reschedule"
        self.xcoms: dict[str, Any] = {}
        self.path = f"/api/v2/dags/summary/dagRuns/{run_id}/taskInstances/wait"

    def answer(self, call: str, body: Any) -> Answer:
        match call.replace(self.path, "TASK"):
            case "GET TASK":
                ids = {"id": self.caller["ti_id"], "try_number": self.caller["try_number"]}
                return 200, ids | {"state": self.state, "max_tries": 0}
            case "POST TASK/xcomEntries":
                self.xcoms[body["key"]] = body["value"]
                return 201, {}
            case "PATCH TASK":
                self.state = body["new_state"]
                return 200, {}
        return 404, {"detail": "Not Found"}


class AirflowApi:
    def __init__(self) -> None:
        self._tasks: list[Task] = []
        self.asset_events: list[dict[str, Any]] = []
        self._server = HttpServer(self._reply)

    @property
    def account(self) -> dict[str, str]:
        """Its entry in the stack's secret."""
        return {"url": self._server.url, "token": TOKEN}

    def waiting(self) -> Task:
        """A new task that waits."""
        self._tasks.append(Task(f"manual__{len(self._tasks)}"))
        return self._tasks[-1]

    @contextmanager
    def serving(self) -> Iterator["AirflowApi"]:
        with self._server:
            yield self

    def _reply(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Reply(401, {})
        return Reply(*self.answer(f"{request.method} {request.path}", request.json))

    def answer(self, call: str, body: Any) -> Answer:
        """``call`` is the method and the path."""
        if call == "GET /api/v2/dags/summary/tasks/wait":
            return 200, {"retries": 0}
        if call.partition("?")[0].startswith(("GET /api/v2/assets", "POST /api/v2/assets")):
            return self._answer_assets(call.partition("?")[0], body)
        for task in self._tasks:
            if task.path in call:
                return task.answer(call, body)
        return 404, {"detail": "Not Found"}

    def _answer_assets(self, call: str, body: Any) -> Answer:
        if call == "GET /api/v2/assets":
            return 200, {"assets": [{"id": 7, "uri": ASSET}]}
        if call == "POST /api/v2/assets/events":
            self.asset_events.append(body)
        return 200, {"asset_events": self.asset_events}
