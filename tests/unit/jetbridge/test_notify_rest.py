"""rest: the try that waits is finished with the stock API, and no other."""

from collections.abc import Iterator
from typing import Any

import pytest
from jetbridge_testing.airflow_server import AirflowServer, Reply
from jetbridge_testing.notices import Scene, run_of
from jetbridge_testing.samples import sample
from jetbridge_testing.stock_api import StockTask

from jetbridge.contract import AirflowCaller
from jetbridge.notify.airflow_port import Refused


@pytest.fixture
def server() -> Iterator[AirflowServer]:
    with AirflowServer().serving() as serving:
        yield serving


class Waiting(Scene):
    """A finished run and the task instance that waits for it."""

    def __init__(self, server: AirflowServer, retries: int = 0, **fields: Any) -> None:
        caller = sample("start_run/airflow_ecs")["caller"] | fields.pop("caller", {})
        super().__init__(server, run_of(finish="rest", caller=caller), **fields)
        assert isinstance(self.run.caller, AirflowCaller)
        self.task = StockTask(server, self.run.caller, retries)


def test_success(server: AirflowServer) -> None:
    scene = Waiting(server, result={"rows": 5})
    assert scene.attempt().result == "success"
    assert scene.task.history == ["success"]
    assert scene.task.xcoms == {"run_id": scene.run.run_id, "return_value": {"rows": 5}}
    states = [method for method, path in server.calls if path == scene.task.path]
    assert states == ["GET", "PATCH"]
    assert server.calls[-1][0] == "PATCH", "downstream tasks find the XCom when they start"


@pytest.mark.parametrize("result", [0, False, "", []])
def test_falsy_result_is_a_result(server: AirflowServer, result: Any) -> None:
    scene = Waiting(server, result=result)
    scene.attempt()
    assert scene.task.xcoms["return_value"] == result


def test_no_result_pushes_no_return_value(server: AirflowServer) -> None:
    scene = Waiting(server)
    scene.attempt()
    assert scene.task.xcoms.keys() == {"run_id"}


def test_xcom_that_is_there_is_overwritten(server: AirflowServer) -> None:
    scene = Waiting(server, result="new")
    scene.task.xcoms = {"return_value": "old", "run_id": "old"}
    scene.attempt()
    assert scene.task.xcoms == {"return_value": "new", "run_id": scene.run.run_id}


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_failure_with_no_try_left(server: AirflowServer, state: str) -> None:
    scene = Waiting(server, state=state)
    assert scene.attempt().result == "failed"
    assert (scene.task.history, scene.task.xcoms) == (["failed"], {})


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_failure_with_a_try_left(server: AirflowServer, state: str) -> None:
    scene = Waiting(server, retries=1, state=state)
    assert scene.attempt().result == "cleared"
    [body] = scene.task.clears
    caller = scene.run.caller
    assert isinstance(caller, AirflowCaller)
    assert body == {
        "dry_run": False,
        "dag_run_id": caller.run_id,
        "task_ids": [caller.task_id],
        "only_failed": False,
        "reset_dag_runs": False,
    }


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (2, 3)])
def test_tries_end_although_each_clear_raises_max_tries(
    server: AirflowServer, retries: int, tries: int
) -> None:
    history: list[str] = []
    task: StockTask | None = None
    for number in range(1, 9):
        caller = {"try_number": number} | ({"ti_id": task.id} if task else {})
        scene = Waiting(server, retries=retries, state="failed", caller=caller)
        if task is not None:
            scene.task.max_tries = task.max_tries
        task = scene.task
        history.append(scene.attempt().result)
        if history[-1] == "failed":
            break
    assert history == ["cleared"] * (tries - 1) + ["failed"]


@pytest.mark.parametrize("state", ["up_for_reschedule", "awaiting_input"])
def test_other_ways_to_wait(server: AirflowServer, state: str) -> None:
    scene = Waiting(server)
    scene.task.state = state
    assert scene.attempt().result == "success"


@pytest.mark.parametrize("state", ["running", "queued", "scheduled", "restarting", None])
def test_worker_at_the_task_is_let_end(server: AirflowServer, state: str | None) -> None:
    scene = Waiting(server)
    scene.task.state = state
    attempt = scene.attempt()
    assert (attempt.done, attempt.unavailable, scene.task.history) == (False, False, [])
    scene.task.state = "deferred"
    assert scene.attempt_again().result == "success"


def test_worker_that_stays_at_the_task_is_not_disturbed(server: AirflowServer) -> None:
    scene = Waiting(server)
    scene.task.state = "running"
    scene.attempt()
    while scene.clock() < scene.outcome.finished_at + 24 * 3600:
        assert not scene.attempt_again().done
    assert scene.task.history == []
    assert scene.queue.delays[0] == 10
    assert max(scene.queue.delays) == 300
    assert len(server.calls) < 350
    scene.task.state = "up_for_reschedule"
    assert scene.attempt_again().result == "success"


@pytest.mark.parametrize(
    "state", ["success", "failed", "skipped", "removed", "upstream_failed", "up_for_retry"]
)
def test_try_that_is_over_is_left_alone(server: AirflowServer, state: str) -> None:
    scene = Waiting(server, state="failed")
    scene.task.state = state
    assert scene.attempt().result == f"already {state}"
    assert [method for method, _ in server.calls] == ["GET"]


@pytest.mark.parametrize("change", ["id", "try_number", "exists"])
def test_another_try_is_left_alone(server: AirflowServer, change: str) -> None:
    scene = Waiting(server)
    setattr(scene.task, change, {"id": "another", "try_number": 9, "exists": False}[change])
    attempt = scene.attempt()
    assert (attempt.result, attempt.done) == ("gone", True)
    assert [method for method, _ in server.calls] == ["GET"]


def test_mapped_task_instance(server: AirflowServer) -> None:
    scene = Waiting(server, retries=1, state="failed", caller={"map_index": 0})
    assert scene.task.path.endswith("/0")
    assert scene.attempt().result == "cleared"
    caller = scene.run.caller
    assert isinstance(caller, AirflowCaller)
    assert scene.task.clears[0]["task_ids"] == [[caller.task_id, 0]]


def test_mapped_task_instance_gets_its_xcom(server: AirflowServer) -> None:
    scene = Waiting(server, result=7, caller={"map_index": 3})
    assert scene.attempt().result == "success"
    assert scene.task.xcoms["return_value"] == 7


def test_ids_are_quoted(server: AirflowServer) -> None:
    names = {"dag_id": "a.b", "run_id": "manual__2026-01-01T00:00:00+00:00?#%/ü", "task_id": "g.t"}
    scene = Waiting(server, caller=names)
    assert scene.attempt().result == "success"
    assert "manual__2026-01-01T00%3A00%3A00%2B00%3A00%3F%23%25%2F%C3%BC" in scene.task.path


def test_notified_again_after_a_crash(server: AirflowServer) -> None:
    scene = Waiting(server, result=7)
    scene.attempt()
    assert scene.attempt().result == "already success"
    failed = Waiting(server, retries=3, state="failed")
    failed.attempt()
    assert failed.attempt().result == "gone", "the next try isn't cleared"


def test_marked_meanwhile(server: AirflowServer) -> None:
    scene = Waiting(server)
    server.routes["PATCH", scene.task.path] = lambda request: Reply(409, {"detail": "already"})
    assert scene.attempt().result == "already success"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_wrong_url_is_no_task_that_is_gone(server: AirflowServer, method: str) -> None:
    scene = Waiting(server)
    server.routes[method, scene.task.path] = lambda request: Reply(404, {"detail": "Not Found"})
    with pytest.raises(Refused, match="url"):
        scene.attempt()


def test_deleted_meanwhile(server: AirflowServer) -> None:
    scene = Waiting(server, retries=1, state="failed")
    dag = scene.task.path.partition("/dagRuns")[0]
    detail = {"detail": "Dag Run id x not found in dag y"}
    server.routes["POST", f"{dag}/clearTaskInstances"] = lambda request: Reply(404, detail)
    assert scene.attempt().result == "gone"


@pytest.mark.parametrize("status", [400, 403, 422])
def test_somebody_has_to_act(server: AirflowServer, status: int) -> None:
    scene = Waiting(server)
    server.routes["PATCH", scene.task.path] = lambda request: Reply(status, {"detail": "no"})
    with pytest.raises(Refused, match=str(status)):
        scene.attempt()


@pytest.mark.parametrize("step", range(4))
def test_airflow_goes_down_at_any_step(server: AirflowServer, step: int) -> None:
    scene = Waiting(server, result=7)
    served: list[int] = []
    for route, handle in list(server.routes.items()):

        def failing(request: Any, handle: Any = handle) -> Reply:
            served.append(1)
            return Reply(503) if len(served) == step + 1 else handle(request)

        server.routes[route] = failing
    assert not scene.attempt().done
    assert scene.attempt_again().result == "success"
    assert scene.task.history == ["success"]
    assert scene.task.xcoms == {"run_id": scene.run.run_id, "return_value": 7}
