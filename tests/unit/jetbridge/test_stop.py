"""stop_run: in every state of a run, and again."""

import pytest
from jetbridge_testing.backends import FakeBatch, FakeEcs, refused
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import MemoryRuns
from jetbridge_testing.samples import ended_run, launched_run, new_run

from jetbridge.backends.port import LaunchRefused, Throttled
from jetbridge.contract import StopCause, StopRequest
from jetbridge.domain.run import Run, Status, Stop
from jetbridge.services.stop import StopRuns

STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")


class Scene:
    def __init__(self, *rows: Run) -> None:
        self.clock = Clock()
        self.runs = MemoryRuns(900, self.clock)
        for row in rows:
            self.runs.create(row)
        self.ecs, self.batch = FakeEcs(self.clock), FakeBatch(self.clock)
        self.stop = StopRuns(self.runs, {"ecs": self.ecs, "batch": self.batch})

    def wish(self, run_id: str) -> Stop | None:
        row = self.runs.get(run_id)
        assert row is not None
        return row.stop


def _request(*run_ids: str) -> StopRequest:
    return StopRequest(run_ids=list(run_ids), reason="cleared")


def test_each_state() -> None:
    accepted = new_run(run_id="accepted")
    launching = new_run(run_id="launching", status=Status.LAUNCHING, last_attempt_at=1.0)
    task = launched_run(run_id="task")
    job = launched_run("airflow_batch", run_id="job")
    ended = ended_run("ecs_stopped_exit_0", run_id="ended")
    scene = Scene(accepted, launching, task, job, ended)
    answer = scene.stop(_request("accepted", "launching", "task", "job", "ended", "nobody"))
    assert answer.stopping == ["accepted", "launching", "task", "job"]
    assert (answer.already_ended, answer.unknown) == (["ended"], ["nobody"])
    assert scene.ecs.stopped == [(task.backend_id, "cleared")]
    assert scene.batch.stopped == [(job.backend_id, "cleared")]
    assert [scene.wish(name) for name in answer.stopping] == [STOP] * 4
    assert scene.wish("ended") is None


def test_again_is_harmless_and_the_first_wish_stays() -> None:
    scene = Scene(launched_run(run_id="r"))
    scene.stop(_request("r"))
    later = StopRequest(run_ids=["r"], reason="timed out", cause=StopCause.TIMEOUT)
    assert scene.stop(later).stopping == ["r"]
    assert scene.wish("r") == STOP


def test_named_twice_is_stopped_once() -> None:
    scene = Scene(launched_run(run_id="r"))
    assert scene.stop(_request("r", "r")).stopping == ["r"]
    assert len(scene.ecs.stopped) == 1


@pytest.mark.parametrize(
    ("error", "kind"), [(Throttled("x"), Throttled), (refused(), LaunchRefused)]
)
def test_error_leaves_the_wish_and_can_be_repeated(error: Exception, kind: type[Exception]) -> None:
    scene = Scene(launched_run(run_id="r"))
    scene.ecs.errors["stop"] = [error]
    with pytest.raises(kind):
        scene.stop(_request("r"))
    assert scene.wish("r") == STOP
    scene.stop(_request("r"))
    assert len(scene.ecs.stopped) == 1
