"""What the end of a run starts in Airflow, if Airflow didn't start the run."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from jetbridge.contract import (
    CreateAssetEvent,
    OnFinish,
    Outcome,
    TriggerDagRun,
    carried,
    clean,
    to_builtins,
)
from jetbridge.notify.airflow_port import Refused
from jetbridge.notify.api import Api, path_of

KEY = "jetbridge"

# Log lines don't belong into Airflow's database, nor before everybody who may see the DAG run.
_LEFT_OUT = ("last_lines", "log_streams")
_PAGE = 100
_PAGES = 50
# How far Airflow's clock may be behind AWS's.
_CLOCKS_APART_SECONDS = 3600


def begin(api: Api, entry: OnFinish, outcome: Outcome) -> str:
    """Do what the entry says. Returns the result in words. Repeating it is harmless.

    Raises:
        Unavailable, Refused: as ``Api.call``.
    """
    if isinstance(entry, TriggerDagRun):
        return _trigger(api, entry, outcome)
    return _create_event(api, entry, outcome)


def _trigger(api: Api, entry: TriggerDagRun, outcome: Outcome) -> str:
    """The DAG run has the run's id, so that Airflow refuses to create it twice."""
    summary = {name: value for name, value in to_builtins(outcome).items() if name not in _LEFT_OUT}
    body = {
        "dag_run_id": f"jetbridge__{outcome.run_id}",
        "logical_date": None,
        "conf": _carried(entry.conf) | {KEY: summary},
    }
    path = path_of("api", "v2", "dags", entry.dag_id, "dagRuns")
    answer = api.call("POST", path, body, known=(409,))
    return "already triggered" if answer.status == 409 else "triggered"


def _create_event(api: Api, entry: CreateAssetEvent, outcome: Outcome) -> str:
    asset_id = _asset_id(api, entry.uri)
    since = outcome.finished_at - _CLOCKS_APART_SECONDS
    query = {
        "asset_id": str(asset_id),
        "order_by": "timestamp",
        "timestamp_gte": datetime.fromtimestamp(since, UTC).isoformat(),
    }
    for event in _listed(api, "events", "asset_events", query):
        extra = event.get("extra")
        mark = extra.get(KEY) if isinstance(extra, dict) else None
        if isinstance(mark, dict) and mark.get("run_id") == outcome.run_id:
            return "already created"
    extra = entry.extra | {KEY: {"run_id": outcome.run_id}}
    path = path_of("api", "v2", "assets", "events")
    api.call("POST", path, {"asset_id": asset_id, "extra": _carried(extra)})
    return "created"


def _carried(members: dict[str, Any]) -> dict[str, Any]:
    """A value that Airflow can give to a DAG run's tasks and store; other parts become text."""
    return {clean(name): carried(value).value for name, value in members.items()}


def _asset_id(api: Api, uri: str) -> int:
    """Airflow searches for parts of the URI, ignores case, and reads ``|`` as "or"."""
    pattern = max(uri.split("|"), key=len)
    for asset in _listed(api, "", "assets", {"uri_pattern": pattern, "order_by": "id"}):
        if asset.get("uri") == uri:
            return int(asset["id"])
    raise Refused(
        f"Airflow {api.name!r} has no asset {uri!r}: let a DAG name it as an outlet or in its "
        "schedule, and let the secret's user read assets"
    )


def _listed(api: Api, kind: str, field: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    """All items of a listing, page by page."""
    path = path_of("api", "v2", "assets", *([kind] if kind else []))
    for page in range(_PAGES):
        paged = query | {"limit": str(_PAGE), "offset": str(page * _PAGE)}
        body = api.call("GET", path, query=paged).body
        items = body.get(field) if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise Refused(
                f"Airflow {api.name!r} answers GET {path} without {field}: check the secret's url"
            )
        yield from items
        if len(items) < _PAGE:
            return
    raise Refused(
        f"Airflow {api.name!r} lists more than {_PAGES * _PAGE} {field} for GET {path}: "
        "too many to look through"
    )
