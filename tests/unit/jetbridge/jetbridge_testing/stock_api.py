"""Airflow's stock API v2 as far as ``rest`` and ``on_finish`` call it (Airflow 3.3's routes)."""

from typing import Any
from urllib.parse import quote

from jetbridge.contract import AirflowCaller
from jetbridge_testing.airflow_server import AirflowServer, Reply, Request

OVER = ("success", "failed", "skipped")


class StockTask:
    """One task instance, with its XComs, as routes of a server."""

    def __init__(self, server: AirflowServer, caller: AirflowCaller, retries: int = 0) -> None:
        self.id, self.try_number = caller.ti_id, caller.try_number
        self.max_tries, self.retries = retries, retries
        self.state: str | None = "deferred"
        self.xcoms: dict[str, Any] = {}
        self.history: list[str] = []
        self.clears: list[dict[str, Any]] = []
        self.exists = True
        self._caller = caller
        dag = f"/api/v2/dags/{quote(caller.dag_id, safe='')}"
        run = f"{dag}/dagRuns/{quote(caller.run_id, safe='')}"
        task = f"{run}/taskInstances/{quote(caller.task_id, safe='')}"
        self.path = task if caller.map_index < 0 else f"{task}/{caller.map_index}"
        self.xcom_path = f"{task}/xcomEntries"
        routes = {
            ("GET", self.path): self._read,
            ("PATCH", self.path): self._patch,
            ("GET", f"{dag}/tasks/{quote(caller.task_id, safe='')}"): self._task,
            ("POST", self.xcom_path): self._create_xcom,
            ("POST", f"{dag}/clearTaskInstances"): self._clear,
        }
        for key in ("run_id", "return_value"):
            routes["PATCH", f"{self.xcom_path}/{key}"] = self._update_xcom
        server.routes |= routes

    def _read(self, request: Request) -> Reply:
        if not self.exists:
            return Reply(404, {"detail": "The Task Instance with dag_id: `x` was not found"})
        fields = {"id": self.id, "try_number": self.try_number, "max_tries": self.max_tries}
        return Reply(200, fields | {"state": self.state})

    def _task(self, request: Request) -> Reply:
        return Reply(200, {"retries": float(self.retries)})

    def _patch(self, request: Request) -> Reply:
        state = request.body["new_state"]
        if self.state == state:
            return Reply(409, {"detail": f"Task id x is already in {state} state"})
        self.state = state
        self.history.append(state)
        return Reply(200, {"task_instances": [], "total_entries": 1})

    def _create_xcom(self, request: Request) -> Reply:
        key = request.body["key"]
        assert request.body["map_index"] == self._caller.map_index
        if key in self.xcoms:
            return Reply(409, {"detail": f"The XCom with key: `{key}` already exists"})
        self.xcoms[key] = request.body["value"]
        return Reply(201, {"key": key})

    def _update_xcom(self, request: Request) -> Reply:
        assert request.body.keys() == {"value", "map_index"}
        self.xcoms[request.path.rpartition("/")[2]] = request.body["value"]
        return Reply(200, {})

    def _clear(self, request: Request) -> Reply:
        self.clears.append(request.body)
        self.history.append("cleared")
        self.max_tries = self.try_number + self.retries
        self.try_number += 1
        self.id = f"019ab0c5-0000-7000-8000-{self.try_number:012}"
        self.state = None
        self.xcoms.clear()
        return Reply(200, {"task_instances": [], "total_entries": 1})


class StockDags:
    """DAG runs, assets and asset events, in pages, as routes of a server."""

    def __init__(self, server: AirflowServer, dag_id: str, assets: list[str]) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.assets = assets
        self.events: list[dict[str, Any]] = []
        server.routes |= {
            ("POST", f"/api/v2/dags/{quote(dag_id, safe='')}/dagRuns"): self._trigger,
            ("GET", "/api/v2/assets"): self._list_assets,
            ("GET", "/api/v2/assets/events"): self._list_events,
            ("POST", "/api/v2/assets/events"): self._create_event,
        }

    def _trigger(self, request: Request) -> Reply:
        assert request.body.keys() == {"dag_run_id", "logical_date", "conf"}
        assert request.body["logical_date"] is None
        if request.body["dag_run_id"] in self.runs:
            return Reply(409, {"detail": {"reason": "Unique constraint violation"}})
        self.runs[request.body["dag_run_id"]] = request.body["conf"]
        return Reply(200, {})

    def _list_assets(self, request: Request) -> Reply:
        terms = request.query["uri_pattern"].lower().split("|")
        found = [
            {"id": number, "uri": uri}
            for number, uri in enumerate(self.assets)
            if any(term in uri.lower() for term in terms)
        ]
        return Reply(200, {"assets": _page(found, request), "total_entries": len(found)})

    def _list_events(self, request: Request) -> Reply:
        found = [e for e in self.events if str(e["asset_id"]) == request.query["asset_id"]]
        return Reply(200, {"asset_events": _page(found, request), "total_entries": len(found)})

    def _create_event(self, request: Request) -> Reply:
        assert request.body.keys() == {"asset_id", "extra"}
        self.events.append(request.body)
        return Reply(200, request.body)


def _page(items: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    offset, limit = int(request.query["offset"]), int(request.query["limit"])
    return items[offset : offset + min(limit, 100)]
