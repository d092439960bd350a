"""on_finish: DAG runs and asset events that the end of a run begins, once each."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jetbridge_testing.airflow_server import AirflowServer, Reply
from jetbridge_testing.memory import MemoryRuns
from jetbridge_testing.notices import Scene, run_of
from jetbridge_testing.stock_api import StockDags
from msgspec.structs import replace

from jetbridge.contract.json_values import LEVELS
from jetbridge.notify.airflow_port import Refused
from jetbridge.queues.messages import Notice
from jetbridge.runs.notices import notices

DAG_RUN = {"kind": "dag_run", "dag_id": "load", "conf": {"day": "2026-03-01"}}
URI = "s3://lake/orders"
ASSET_EVENT = {"kind": "asset_event", "uri": URI, "extra": {"rows": 5}}


@pytest.fixture
def server() -> Iterator[AirflowServer]:
    with AirflowServer().serving() as serving:
        yield serving


@pytest.fixture
def dags(server: AirflowServer) -> StockDags:
    return StockDags(server, "load", [f"{URI}/old", URI.upper(), URI, f"{URI}2"])


def _scene(server: AirflowServer, *entries: dict[str, Any], **outcome: Any) -> Scene:
    return Scene(server, run_of("person", on_finish=list(entries)), **outcome)


def _notices(scene: Scene) -> list[Notice]:
    return notices(scene.run.request, scene.outcome, "push")


def test_dag_run(server: AirflowServer, dags: StockDags) -> None:
    scene = _scene(server, DAG_RUN, result={"rows": 5}, state="failed")
    assert scene.attempt().result == "triggered"
    [(run_id, conf)] = dags.runs.items()
    assert run_id == f"jetbridge__{scene.run.run_id}"
    assert conf["day"] == "2026-03-01"
    told = conf["jetbridge"]
    assert (told["run_id"], told["state"], told["result"]) == (
        scene.run.run_id,
        "failed",
        {"rows": 5},
    )
    assert "a line of the container" not in str(conf)
    assert scene.attempt().result == "already triggered"
    assert len(dags.runs) == 1


def test_what_airflow_cannot_carry_is_given_to_it_as_text(
    server: AirflowServer, dags: StockDags
) -> None:
    hostile = {"big": 1e300, "nul": "\0", "of": [{"__classname__": "x"}]}
    scene = _scene(server, DAG_RUN | {"conf": hostile}, ASSET_EVENT | {"extra": hostile})
    expected = {"big": "1e+300", "nul": "�", "of": ['{"__classname__": "x"}']}
    for notice in _notices(scene):
        scene.attempt(notice)
    [conf] = dags.runs.values()
    [event] = dags.events
    for given in (conf, event["extra"]):
        assert {name: value for name, value in given.items() if name != "jetbridge"} == expected


def test_a_result_as_deep_as_can_be_carried_reaches_the_dag_run(
    server: AirflowServer, dags: StockDags
) -> None:
    deep = json.loads("[" * LEVELS + "]" * LEVELS)
    _scene(server, DAG_RUN, result=deep).attempt()
    [conf] = dags.runs.values()
    assert conf["jetbridge"]["result"] == deep


def test_asset_event(server: AirflowServer, dags: StockDags) -> None:
    scene = _scene(server, ASSET_EVENT)
    assert scene.attempt().result == "created"
    expected = {"asset_id": 2, "extra": {"rows": 5, "jetbridge": {"run_id": scene.run.run_id}}}
    assert dags.events == [expected]
    assert scene.attempt().result == "already created"
    assert len(dags.events) == 1


def test_asset_events_of_other_runs_are_none_of_this_one(
    server: AirflowServer, dags: StockDags
) -> None:
    for extra in (None, {}, {"jetbridge": 1}, {"jetbridge": {"run_id": "other"}}):
        dags.events.append({"asset_id": 2, "extra": extra})
    assert _scene(server, ASSET_EVENT).attempt().result == "created"


def test_asset_and_event_are_found_on_later_pages(server: AirflowServer, dags: StockDags) -> None:
    dags.assets = [f"{URI}/{number}" for number in range(250)] + [URI]
    dags.events = [{"asset_id": 250, "extra": {}} for _ in range(150)]
    scene = _scene(server, ASSET_EVENT)
    assert scene.attempt().result == "created"
    assert scene.attempt().result == "already created"
    assert len(dags.events) == 151


def test_event_is_searched_from_before_the_runs_end(server: AirflowServer, dags: StockDags) -> None:
    scene = _scene(server, ASSET_EVENT)
    scene.attempt()
    [query] = [seen.query for seen in server.requests if "timestamp_gte" in seen.query]
    assert query["timestamp_gte"] == "2026-02-28T23:02:06+00:00", "an hour before 00:02:06"


def test_uri_with_airflows_own_sign_for_or(server: AirflowServer, dags: StockDags) -> None:
    dags.assets.append("x://a|b")
    scene = _scene(server, ASSET_EVENT | {"uri": "x://a|b"})
    assert scene.attempt().result == "created"
    assert dags.events[0]["asset_id"] == 4


def test_unknown_asset(server: AirflowServer, dags: StockDags) -> None:
    with pytest.raises(Refused, match=r"no asset 's3://lake/none'.*outlet"):
        _scene(server, ASSET_EVENT | {"uri": "s3://lake/none"}).attempt()


def test_unknown_dag(server: AirflowServer, dags: StockDags) -> None:
    with pytest.raises(Refused, match="404"):
        _scene(server, DAG_RUN | {"dag_id": "none"}).attempt()


def test_search_that_never_ends(server: AirflowServer, dags: StockDags) -> None:
    page = [{"id": 1, "uri": "x"}] * 100
    server.routes["GET", "/api/v2/assets"] = lambda request: Reply(200, {"assets": page})
    with pytest.raises(Refused, match="too many"):
        _scene(server, ASSET_EVENT).attempt()


@pytest.mark.parametrize(
    ("state", "kinds"), [("succeeded", [0, 1, 2]), ("failed", [0, 2]), ("stopped", [0, 2])]
)
def test_only_success_updates_assets(server: AirflowServer, state: str, kinds: list[int]) -> None:
    other = DAG_RUN | {"airflow": "other"}
    scene = _scene(server, DAG_RUN, ASSET_EVENT, other, state=state)
    found = _notices(scene)
    assert [notice.on_finish for notice in found] == kinds
    assert [notice.airflow for notice in found][:: len(found) - 1] == ["default", "other"]


def test_entry_that_does_not_apply_does_nothing(server: AirflowServer, dags: StockDags) -> None:
    scene = _scene(server, DAG_RUN, ASSET_EVENT, state="failed")
    for index in (1, 7):
        assert scene.attempt(replace(scene.first, on_finish=index)).result == "nothing to begin"
    assert server.requests == []


def test_one_entry_that_fails_holds_no_other(server: AirflowServer, dags: StockDags) -> None:
    scene = _scene(server, DAG_RUN | {"dag_id": "none"}, DAG_RUN, ASSET_EVENT)
    first, second, third = _notices(scene)
    with pytest.raises(Refused):
        scene.attempt(first)
    assert [scene.attempt(notice).result for notice in (second, third)] == ["triggered", "created"]


@pytest.mark.parametrize("entry", [DAG_RUN, ASSET_EVENT], ids=["dag run", "asset event"])
@pytest.mark.parametrize("step", range(3))
def test_airflow_goes_down_at_any_step(
    server: AirflowServer, dags: StockDags, entry: dict[str, Any], step: int
) -> None:
    """Also when it did what it was asked, and its answer was lost."""
    served: list[int] = []
    for route, handle in list(server.routes.items()):

        def failing(request: Any, handle: Any = handle) -> Reply:
            served.append(1)
            answer = handle(request)
            return Reply(502) if len(served) == step + 1 else answer

        server.routes[route] = failing
    scene = _scene(server, entry)
    attempt = scene.attempt()
    while not attempt.done:
        attempt = scene.attempt_again()
    assert len(dags.runs) + len(dags.events) == 1


def _of_others(server: AirflowServer, **outcome: Any) -> tuple[Scene, Notice]:
    """What a task or job of somebody else ends with: an outcome, and no run."""
    scene = _scene(server, **outcome)
    scene.notify = replace(scene.notify, runs=MemoryRuns(900, scene.clock))
    return scene, Notice(run_id=scene.outcome.run_id, airflow="default", asset=URI)


def test_a_job_of_others_updates_its_asset_once(server: AirflowServer, dags: StockDags) -> None:
    scene, notice = _of_others(server, backend_id="8f2c", definition="nightly:3")
    assert scene.attempt(notice).result == "created"
    assert scene.attempt(notice).result == "already created"
    [event] = dags.events
    assert event["extra"] == {
        "backend_id": "8f2c",
        "definition": "nightly:3",
        "jetbridge": {"run_id": scene.outcome.run_id},
    }


def test_a_job_of_others_that_failed_updates_nothing(
    server: AirflowServer, dags: StockDags
) -> None:
    scene, notice = _of_others(server, state="failed")
    assert scene.attempt(notice).result == "nothing to begin"
    assert dags.events == []


def test_a_job_of_others_whose_end_was_forgotten_is_unknown(
    server: AirflowServer, dags: StockDags
) -> None:
    scene, notice = _of_others(server)
    assert scene.notify(replace(notice, run_id="another")) is None
