"""launch_run: what it does with throttles, refusals, stops and old messages."""

from typing import Any

import pytest
from jetbridge_testing.backends import FakeBackend, refused
from jetbridge_testing.core import Core
from jetbridge_testing.samples import DEFINITIONS, STACK_KEY, change, new_run, request
from msgspec.structs import replace

from jetbridge.backends.port import LaunchRefused, Throttled
from jetbridge.contract import Cause, StopCause
from jetbridge.failures import judge
from jetbridge.queues.groups import message_group
from jetbridge.queues.patience import PATIENCE_SECONDS
from jetbridge.queues.port import GiveUp, NotYet
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Run, Status, Stop

STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")


class Scene(Core):
    """An accepted run, launch_run, and a fake backend of the run's kind."""

    def __init__(self, kind: str, timeout_seconds: int | None = None) -> None:
        super().__init__()
        asked = replace(request(f"airflow_{kind}"), timeout_seconds=timeout_seconds)
        self.run = new_run(f"airflow_{kind}", request=asked)
        self.runs.create(self.run)
        self.backend: FakeBackend = self.backends[kind]

    def deliver(self, launch: int = 1, since: float | None = None) -> None:
        self.launch(self.run.run_id, launch, since)

    def message(self, since: float) -> dict[str, Any]:
        return {"run_id": self.run.run_id, "launch": 1, "since": since}

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


def test_a_deciding_container_that_the_definition_has_not_is_refused(scene: Scene) -> None:
    """Only the definition says which containers there are: nothing is launched."""
    known = [source.container for source in DEFINITIONS[scene.backend.kind].log_sources]
    asked = replace(scene.run.request, deciding_container="etl")
    scene.run = replace(scene.run, run_id="another", request=asked)
    scene.runs.create(scene.run)
    scene.deliver()
    assert scene.backend.launched == []
    assert scene.row.ending is not None
    assert judge(scene.row.ending).cause is Cause.MISCONFIGURATION
    assert "deciding_container is 'etl'" in scene.row.ending.reason
    assert all(name in scene.row.ending.reason for name in known)


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
    assert scene.launches.messages == []


@pytest.mark.parametrize("call", ["resolve", "launch"])
def test_throttled_is_sent_again_and_launches_once(scene: Scene, call: str) -> None:
    """Received and acknowledged each time: no count of receives goes up."""
    scene.backend.errors[call] = [Throttled("Rate exceeded")] * 30
    began = scene.clock()
    scene.deliver()
    while scene.row.status is not Status.LAUNCHED:
        scene.clock.advance(scene.launches.delays[-1])
        scene.deliver(since=scene.launches.messages[-1]["since"])
    assert scene.launches.messages == [scene.message(began)] * 30
    assert scene.launches.delays[:10] == [5] * 10
    assert scene.launches.delays == sorted(scene.launches.delays)
    assert set(scene.launches.groups) == {message_group(scene.run.request.caller)}
    assert len(scene.backend.launched) == 1


def test_hours_of_throttling_never_turn_into_lost(scene: Scene) -> None:
    scene.backend.errors["launch"] = [Throttled("Rate exceeded")] * 3
    for _ in range(3):
        scene.deliver()
        assert scene.row.last_attempt_at is None
        assert scene.row.status is Status.ACCEPTED
        scene.clock.advance(3600)
    scene.deliver()
    assert len(scene.backend.launched) == 1


def test_launch_that_is_put_off_for_a_week_is_given_up_and_its_run_ends(scene: Scene) -> None:
    """The words are AWS's for running tasks, too, and must not lead to another launch."""
    scene.backend.errors["launch"] = [
        Throttled("RequestLimitExceeded: Capacity is unavailable")
    ] * 3
    began = scene.clock()
    scene.deliver()
    scene.clock.advance(PATIENCE_SECONDS)
    scene.deliver(since=began)
    assert scene.row.status is Status.ACCEPTED
    scene.clock.advance(1)
    with pytest.raises(GiveUp, match=r"launch 1 of run .* was put off for 7 days.*Capacity"):
        scene.deliver(since=began)
    assert len(scene.launches.messages) == 2
    assert (scene.row.status, scene.row.launch) == (Status.ENDED, 1)
    assert scene.row.ending is not None
    assert judge(scene.row.ending).cause is Cause.UNCLASSIFIED
    assert "7 days" in scene.row.ending.reason
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]
    scene.deliver(since=began)
    assert scene.backend.launched == [], "a replay of the dead letter launches nothing"


def test_message_of_the_last_release_begins_to_wait_now(scene: Scene) -> None:
    scene.clock.advance(2 * PATIENCE_SECONDS)
    scene.backend.errors["launch"] = [Throttled("Rate exceeded")]
    scene.deliver()
    assert scene.launches.messages == [scene.message(scene.clock())]


@pytest.mark.parametrize("kind", ["ecs", "batch"])
def test_run_that_timed_out_while_its_launch_was_put_off_is_not_launched(kind: str) -> None:
    """Also without the sweeper, which stops it first as a rule."""
    scene = Scene(kind, timeout_seconds=3600)
    scene.backend.errors["launch"] = [Throttled("Rate exceeded")] * 2
    began = scene.clock()
    scene.deliver()
    scene.clock.advance(7200)
    scene.deliver(since=began)
    assert scene.row.stop is not None
    assert (scene.row.stop.cause, scene.row.stop.reason) == (
        StopCause.TIMEOUT,
        "timed out after 3600 s",
    )
    scene.deliver(since=began)
    assert (scene.row.status, scene.backend.launched) == (Status.ENDED, [])


@pytest.mark.parametrize("kind", ["ecs", "batch"])
def test_a_long_timeout_is_the_longest_wait(kind: str) -> None:
    scene = Scene(kind, timeout_seconds=2 * PATIENCE_SECONDS)
    scene.backend.errors["launch"] = [Throttled("Rate exceeded")]
    began = scene.clock()
    scene.clock.advance(1.9 * PATIENCE_SECONDS)
    scene.deliver(since=began)
    scene.deliver(since=began)
    assert scene.row.status is Status.LAUNCHED


def test_stop_of_a_launched_run_that_is_put_off_for_a_week_is_given_up(scene: Scene) -> None:
    scene.deliver()
    scene.runs.request_stop(scene.run.run_id, STOP)
    scene.backend.errors["stop"] = [Throttled("Rate exceeded")]
    with pytest.raises(GiveUp, match="could not be stopped for 7 days: Rate exceeded"):
        scene.deliver(since=scene.clock() - PATIENCE_SECONDS - 1)
    assert (scene.row.status, scene.launches.messages) == (Status.LAUNCHED, [])


def test_without_a_turn_nothing_is_attempted(scene: Scene) -> None:
    scene.pacer.errors = [NotYet("no turn", 7)]
    scene.deliver()
    assert scene.row.last_attempt_at is None
    assert (scene.launches.messages, scene.launches.delays) == (
        [scene.message(scene.clock())],
        [7],
    )
    scene.deliver()
    assert scene.pacer.turns == [scene.backend.kind]
    assert len(scene.backend.launched) == 1


def test_throttle_after_an_unanswered_attempt_still_looks_for_what_that_launched() -> None:
    """Taking the second attempt's mark back must leave the first one's."""
    scene = Scene("batch")
    scene.backend.launch_and_lose_the_answer()
    with pytest.raises(NotYet):
        scene.deliver()
    first = scene.row.last_attempt_at
    assert first is not None
    scene.backend.errors["launch"] = [Throttled("Rate exceeded")]
    scene.backend.listing_lag = 1000
    scene.clock.advance(50)
    scene.deliver()
    assert scene.row.last_attempt_at == first
    scene.backend.listing_lag = 15
    scene.deliver()
    assert len(scene.backend.launched) == 1
    assert scene.row.status is Status.LAUNCHED


def test_unanswered_launch_is_repeated_without_a_second_container(scene: Scene) -> None:
    scene.backend.launch_and_lose_the_answer()
    while scene.row.status is not Status.LAUNCHED:
        try:
            scene.deliver()
        except NotYet as not_yet:
            scene.clock.advance(not_yet.delay_seconds)
    assert len(scene.backend.launched) == 1


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
    scene.runs.mark_finished(scene.run.run_id)
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
    scene.runs.begin_launch(scene.run, scene.clock(), DEFINITIONS[scene.backend.kind])
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
    scene.deliver()
    assert scene.launches.messages == [scene.message(scene.clock())]
    scene.deliver()
    assert len(scene.backend.stopped) == 1


@pytest.mark.parametrize("call", ["stop", "find"])
def test_refusal_of_another_call_does_not_end_the_run(scene: Scene, call: str) -> None:
    """The container may be running: the message must come back, and be seen when it can't."""
    scene.runs.begin_launch(scene.run, scene.clock(), DEFINITIONS[scene.backend.kind])
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
    scene.runs.begin_launch(scene.run, scene.clock(), DEFINITIONS[scene.backend.kind])
    running = change("ecs_running" if scene.backend.kind == "ecs" else "batch_running")
    scene.runs.apply(running)
    scene.clock.advance(3600)
    scene.deliver()
    assert scene.backend.launched == []
    assert scene.row.backend_id == running.backend_id


def test_old_message_finds_what_was_launched(scene: Scene) -> None:
    scene.runs.begin_launch(scene.run, scene.clock(), DEFINITIONS[scene.backend.kind])
    name = LaunchName(STACK_KEY, scene.run.run_id, 1)
    scene.backend.launch(name, {}, DEFINITIONS[scene.backend.kind])
    scene.clock.advance(51 * 60)
    scene.deliver()
    assert len(scene.backend.launched) == 1
    assert scene.row.status is Status.LAUNCHED


def test_old_message_that_finds_nothing_is_lost_and_never_launched(scene: Scene) -> None:
    scene.runs.begin_launch(scene.run, scene.clock(), DEFINITIONS[scene.backend.kind])
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

    def broken(message: dict[str, Any], delay_seconds: int = 0, group: str = "") -> None:
        calls.append(message)
        if len(calls) == 1:
            raise ConnectionError
        send(message)

    monkeypatch.setattr(scene.finishes, "send", broken)
    with pytest.raises(ConnectionError):
        scene.deliver()
    scene.deliver()
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]
