"""launch_run: what it does with throttles, refusals, stops and old messages."""

from typing import Any

import pytest
from jetbridge_testing.backends import FakeBackend, FakeBatch, FakeEcs, refused
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import MemoryQueue, MemoryRuns
from jetbridge_testing.samples import DEFINITIONS, STACK_KEY, change, new_run

from jetbridge.backends.port import LaunchRefused, Throttled
from jetbridge.contract import StopCause
from jetbridge.domain.names import LaunchName
from jetbridge.domain.run import Run, Status, Stop
from jetbridge.queues.port import NotYet
from jetbridge.services.hand_over import HandOver
from jetbridge.services.launch import Launch

STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")


class Scene:
    """An accepted run, launch_run, and a fake backend of the run's kind."""

    def __init__(self, kind: str) -> None:
        self.clock = Clock()
        self.runs = MemoryRuns(900, self.clock)
        self.run = new_run(f"airflow_{kind}")
        self.runs.create(self.run)
        self.finishes = MemoryQueue()
        fakes: dict[str, type[FakeBackend]] = {"ecs": FakeEcs, "batch": FakeBatch}
        self.backend = fakes[kind](self.clock)
        self.launch = Launch(
            self.runs,
            {kind: self.backend},
            HandOver(self.runs, self.finishes),
            STACK_KEY,
            self.clock,
        )

    def deliver(self, launch: int = 1) -> None:
        self.launch(self.run.run_id, launch)

    @property
    def row(self) -> Run:
        row = self.runs.get(self.run.run_id)
        assert row is not None
        return row


@pytest.fixture(params=["ecs", "batch"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


def test_launches_under_the_runs_name_and_pinned_definition(scene: Scene) -> None:
    scene.deliver()
    name = LaunchName(STACK_KEY, scene.run.run_id, 1)
    assert [launched for launched, _ in scene.backend.launched] == [str(name)]
    assert scene.backend.definitions == [scene.row.definition]
    assert scene.row.definition == DEFINITIONS[scene.backend.kind]
    assert (scene.row.status, scene.row.backend_id) == (
        Status.LAUNCHED,
        f"{scene.backend.kind}-0",
    )
    assert scene.finishes.messages == []


def test_second_message_launches_nothing(scene: Scene) -> None:
    scene.deliver()
    scene.clock.advance(7200)
    scene.deliver()
    assert len(scene.backend.launched) == 1


def test_message_of_another_launch_or_run_does_nothing(scene: Scene) -> None:
    scene.deliver(launch=2)
    scene.launch("unknown", 1)
    assert scene.backend.launched == []
    assert scene.row == scene.run


@pytest.mark.parametrize("call", ["resolve", "launch"])
def test_throttled_comes_back_and_launches_once(scene: Scene, call: str) -> None:
    scene.backend.errors[call] = [Throttled("Rate exceeded")] * 3
    waits = 0
    while scene.row.status is not Status.LAUNCHED:
        try:
            scene.deliver()
        except NotYet as not_yet:
            waits += 1
            scene.clock.advance(not_yet.delay_seconds)
    assert waits >= 3
    assert len(scene.backend.launched) == 1
    assert scene.clock() - scene.run.created_at < 300


@pytest.mark.parametrize("call", ["resolve", "launch"])
def test_refusal_ends_the_run_and_hands_it_over(scene: Scene, call: str) -> None:
    scene.backend.errors[call] = [refused()]
    scene.deliver()
    assert scene.row.status is Status.ENDED
    assert scene.row.ending is not None
    assert (scene.row.ending.code, scene.row.ending.reason) == (
        "AccessDeniedException",
        "not authorized",
    )
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]
    scene.deliver()
    assert scene.backend.launched == []
    assert len(scene.finishes.messages) == 1


def test_stop_before_the_launch_launches_nothing(scene: Scene) -> None:
    scene.runs.request_stop(scene.run.run_id, STOP)
    scene.deliver()
    assert scene.backend.launched == []
    assert scene.row.ending is not None
    assert scene.row.ending.code == "StoppedBeforeLaunch"
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]


def test_stop_during_the_launch_stops_what_was_launched(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = scene.backend.launch

    def stopped_meanwhile(*args: Any) -> str:
        scene.runs.request_stop(scene.run.run_id, STOP)
        return launch(*args)

    monkeypatch.setattr(scene.backend, "launch", stopped_meanwhile)
    scene.deliver()
    assert scene.backend.stopped == [(f"{scene.backend.kind}-0", "cleared")]
    assert scene.row.status is Status.LAUNCHED


def test_stop_after_a_lost_answer_stops_the_container(scene: Scene) -> None:
    """The task runs, the row doesn't know it yet, the user stops: it must not stay running."""
    scene.runs.begin_launch(scene.run, scene.clock())
    scene.runs.pin(scene.run.run_id, 1, DEFINITIONS[scene.backend.kind])
    name = LaunchName(STACK_KEY, scene.run.run_id, 1)
    scene.backend.launch(name, {}, DEFINITIONS[scene.backend.kind])
    scene.runs.request_stop(scene.run.run_id, STOP)
    scene.clock.advance(2)
    with pytest.raises(NotYet) as not_yet:
        scene.deliver()
    scene.clock.advance(not_yet.value.delay_seconds)
    scene.deliver()
    assert scene.backend.stopped == [(f"{scene.backend.kind}-0", "cleared")]
    assert scene.row.status is Status.LAUNCHED
    assert len(scene.backend.launched) == 1


def test_throttled_stop_is_repeated(scene: Scene) -> None:
    scene.deliver()
    scene.runs.request_stop(scene.run.run_id, STOP)
    scene.backend.errors["stop"] = [Throttled("Rate exceeded")]
    with pytest.raises(NotYet):
        scene.deliver()
    scene.deliver()
    assert len(scene.backend.stopped) == 1


@pytest.mark.parametrize("call", ["stop", "find"])
def test_refusal_of_another_call_does_not_end_the_run(scene: Scene, call: str) -> None:
    """The container may be running: the message must come back, and be seen when it can't."""
    scene.runs.begin_launch(scene.run, scene.clock())
    name = LaunchName(STACK_KEY, scene.run.run_id, 1)
    scene.backend.launch(name, {}, DEFINITIONS[scene.backend.kind])
    scene.runs.request_stop(scene.run.run_id, STOP)
    scene.clock.advance(60)
    scene.backend.errors[call] = [refused()]
    with pytest.raises(LaunchRefused):
        scene.deliver()
    assert scene.row.status is not Status.ENDED
    assert scene.finishes.messages == []


def test_event_that_overtook_the_answer_is_enough(scene: Scene) -> None:
    scene.runs.begin_launch(scene.run, scene.clock())
    scene.runs.pin(scene.run.run_id, 1, DEFINITIONS[scene.backend.kind])
    running = change("ecs_running" if scene.backend.kind == "ecs" else "batch_running")
    scene.runs.apply(running)
    scene.clock.advance(3600)
    scene.deliver()
    assert scene.backend.launched == []
    assert scene.row.backend_id == running.backend_id


def test_old_message_finds_what_was_launched(scene: Scene) -> None:
    scene.runs.begin_launch(scene.run, scene.clock())
    name = LaunchName(STACK_KEY, scene.run.run_id, 1)
    scene.backend.launch(name, {}, DEFINITIONS[scene.backend.kind])
    scene.clock.advance(51 * 60)
    scene.deliver()
    assert len(scene.backend.launched) == 1
    assert scene.row.status is Status.LAUNCHED


def test_old_message_that_finds_nothing_is_lost_and_never_launched(scene: Scene) -> None:
    scene.runs.begin_launch(scene.run, scene.clock())
    scene.clock.advance(51 * 60)
    scene.deliver()
    assert scene.backend.launched == []
    assert scene.row.ending is not None
    assert scene.row.ending.code == "Lost"
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]


def test_message_that_was_never_tried_has_no_age(scene: Scene) -> None:
    scene.clock.advance(24 * 3600)
    scene.deliver()
    assert len(scene.backend.launched) == 1


def test_ended_but_not_handed_over_is_handed_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.backend.errors["launch"] = [refused()]
    send, calls = scene.finishes.send, []

    def broken(message: dict[str, Any], delay_seconds: int = 0) -> None:
        calls.append(message)
        if len(calls) == 1:
            raise ConnectionError
        send(message)

    monkeypatch.setattr(scene.finishes, "send", broken)
    with pytest.raises(ConnectionError):
        scene.deliver()
    scene.deliver()
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]
    assert scene.row.handed_over
