"""A task that waits for a run of others is finished by rest, each in its own Airflow."""

from collections.abc import Iterator

import pytest
from jetbridge_testing.airflow_server import AirflowServer, Reply
from jetbridge_testing.notices import Scene, run_of
from jetbridge_testing.samples import watcher
from jetbridge_testing.stock_api import StockTask
from msgspec.structs import replace

from jetbridge.contract import AirflowCaller
from jetbridge.queues.messages import Notice
from jetbridge.runs.notices import notices
from jetbridge.runs.run import Run


@pytest.fixture
def server() -> Iterator[AirflowServer]:
    with AirflowServer().serving() as serving:
        yield serving


FIRST, SECOND = watcher("first"), watcher("second", map_index=4)


def _watched(name: str = "schedule", **request: object) -> Run:
    return replace(run_of(name, **request), watchers=[FIRST, SECOND])


class Waiting(Scene):
    """A finished run and two tasks that wait for it in rescheduling sensors."""

    def __init__(self, server: AirflowServer, run: Run, retries: int = 0, **outcome: object):
        super().__init__(server, run, **outcome)
        self.tasks = [StockTask(server, each.caller, retries) for each in run.watchers]
        for task in self.tasks:
            task.state = "up_for_reschedule"

    def notice(self, index: int) -> Notice:
        found = notices(self.run.request, self.outcome, "feed", self.run.watchers)
        [notice] = [notice for notice in found if notice.watcher == index]
        return notice


def test_success_gives_each_task_its_xcoms_and_state(server: AirflowServer) -> None:
    scene = Waiting(server, _watched(), result={"rows": 5})
    for index, task in enumerate(scene.tasks):
        assert scene.attempt(scene.notice(index)).result == "success"
        assert scene.attempt(scene.notice(index)).result == "already success"
        assert task.history == ["success"]
        assert task.xcoms == {"run_id": scene.run.run_id, "return_value": {"rows": 5}}


@pytest.mark.parametrize(("retries", "became"), [(0, "failed"), (1, "cleared")])
@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_failure_is_the_tasks_own(
    server: AirflowServer, state: str, retries: int, became: str
) -> None:
    scene = Waiting(server, _watched(), retries, state=state)
    assert scene.attempt(scene.notice(1)).result == became
    assert [task.history for task in scene.tasks] == [[], [became]]


def test_worker_at_the_sensor_is_let_end(server: AirflowServer) -> None:
    scene = Waiting(server, _watched())
    scene.tasks[0].state = "running"
    assert not scene.attempt(scene.notice(0)).done
    assert scene.queue.messages[-1]["watcher"] == 0
    scene.tasks[0].state = "up_for_reschedule"
    assert scene.attempt_again().result == "success"


def test_another_try_than_the_one_that_watched_is_left_alone(server: AirflowServer) -> None:
    scene = Waiting(server, _watched())
    scene.tasks[0].try_number = 2
    assert scene.attempt(scene.notice(0)).result == "gone"
    assert scene.tasks[0].history == []


@pytest.mark.parametrize("finish", ["feed", "push", "rest"])
def test_task_that_started_the_run_is_finished_as_ever(server: AirflowServer, finish: str) -> None:
    scene = Waiting(server, _watched("airflow_ecs", finish=finish))
    assert isinstance(scene.run.caller, AirflowCaller)
    own = StockTask(server, scene.run.caller)
    found = notices(scene.run.request, scene.outcome, "feed", scene.run.watchers)
    assert [notice.watcher for notice in found] == [None] * (finish != "feed") + [0, 1]
    assert scene.attempt(scene.notice(0)).result == "success"
    assert (own.history, scene.tasks[1].history) == ([], [])
    if finish == "rest":
        assert scene.attempt(found[0]).result == "success"
        assert own.history == ["success"]
    if finish == "push":
        server.replies = [Reply(200, {"status": "resumed"})]
        assert scene.attempt(found[0]).result == "resumed"


def test_on_finish_is_begun_beside(server: AirflowServer) -> None:
    entry = {"kind": "dag_run", "dag_id": "load"}
    scene = Waiting(server, _watched("schedule", on_finish=[entry]))
    found = notices(scene.run.request, scene.outcome, "feed", scene.run.watchers)
    assert [(notice.on_finish, notice.watcher) for notice in found] == [
        (0, None),
        (None, 0),
        (None, 1),
    ]


def test_a_watcher_that_is_not_in_the_row_is_not_notified(server: AirflowServer) -> None:
    scene = Waiting(server, _watched())
    notice = Notice(run_id=scene.run.run_id, airflow="default", watcher=2)
    assert scene.attempt(notice).result == "no task waits for it"
    assert server.calls == []
