"""The provider's links and its connection type in a real Airflow, as its API has them."""

import json
from typing import Any

import pytest
from shared_airflow import LINKS
from stand_in import REGION, TABLE
from waiting_airflow import until

TASK = "https://console.amazonaws.cn/ecs/v2/clusters/etl/tasks/0f1e?region=cn-north-1"
LOG = (
    "https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1"
    "#logsV2:log-groups/log-group/$252Fecs$252Fetl/log-events/etl$252Fmain$252F0f1e"
)
NAMES = {"ECS task", "CloudWatch log", "Jetbridge run"}
WAITING = [("learns", -1), ("fails", -1), ("mapped", 0), ("mapped", 1)]


@pytest.fixture(scope="module")
def client(shared: Any) -> Any:
    return shared.client


@pytest.fixture(scope="module")
def key(client: Any) -> Any:
    client.wait_for_dag("links")
    return "links", client.trigger("links").run_id


def all_links(client: Any, key: Any) -> list[dict[str, str | None]]:
    return [client.links(*key, task_id, map_index) for task_id, map_index in WAITING]


def test_links_come_from_the_trigger_while_the_task_waits(client: Any, key: Any) -> None:
    until(lambda: all(links.get("ECS task") == TASK for links in all_links(client, key)), 240)
    assert [task.state for task in client.tasks(*key)] == ["deferred"] * len(WAITING)
    for links in all_links(client, key):
        assert links.keys() == NAMES
        assert links["CloudWatch log"] is None, "nobody knows the streams yet"
        run = links["Jetbridge run"]
        assert run is not None
        assert "*2faws*2flambda*2fjetbridge-launch-run" in run
        assert "run_id*20*3d*20*22mzxw6ytboi4dgmrtgq2t*22" in run


def test_links_come_from_the_outcome_and_a_failure_before_it_loses_none(
    client: Any, key: Any, shared: Any
) -> None:
    before = client.links(*key, "fails")
    shared.release.touch()
    assert client.wait_for_dag_run(*key, timeout=240).state == "failed"
    assert client.links(*key, "fails") == before
    for task_id, map_index in WAITING:
        if task_id != "fails":
            links = client.links(*key, task_id, map_index)
            assert (links["ECS task"], links["CloudWatch log"]) == (TASK, LOG)
            assert "timeType~'ABSOLUTE" in links["Jetbridge run"]


def test_the_connection_is_tested(client: Any, shared: Any) -> None:
    extra = json.dumps({"stack": "jetbridge", "region_name": REGION, "aws_conn_id": LINKS})
    works, message = client.test_connection("jetbridge", extra=extra)
    assert (works, message) == (
        True,
        f"Stack jetbridge answers in {REGION}, and its outcomes table {TABLE} can be read",
    )
    assert "jetbridge-watch-runs" in shared.links.invoked
    works, message = client.test_connection("jetbridge", extra=json.dumps({"stack": "no stack"}))
    assert not works
    assert "'no stack' names no Jetbridge stack" in message


def test_the_form_has_the_connections_fields(client: Any) -> None:
    [meta] = [each for each in client.hook_meta() if each["connection_type"] == "jetbridge"]
    assert list(meta["extra_fields"]) == ["stack", "region_name", "aws_conn_id"]
    assert meta["extra_fields"]["stack"]["schema"]["title"] == "Stack"
    assert all(meta["standard_fields"][name]["hidden"] for name in ("host", "login", "password"))
