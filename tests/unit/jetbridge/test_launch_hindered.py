"""The pacer or AWS says "later" to launch_run: it asks them once for each message."""

from collections import Counter

import pytest
from jetbridge_testing.backends import Backend, FakeBackend
from jetbridge_testing.core import Core
from jetbridge_testing.samples import new_run
from jetbridge_testing.steps import Steps
from msgspec.structs import replace

from jetbridge.backends.port import Throttled, Unanswered
from jetbridge.contract import StopCause
from jetbridge.queues.messages import NamedDefinition
from jetbridge.queues.port import NotYet
from jetbridge.runs.run import Run, Status, Stop

KINDS: tuple[Backend, ...] = ("ecs", "batch")
HINDRANCES = {
    "no turn": ("wait_for_turn", NotYet("the next turn is 12 s away", 7)),
    "throttled": ("resolve", Throttled("Rate exceeded")),
    "unanswered": ("resolve", Unanswered("connection lost")),
}
STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")
CASES = [(kind, hindrance) for kind in KINDS for hindrance in HINDRANCES]


class Scene(Core):
    """A run whose message names its definition; every port's calls are counted."""

    def __init__(self, kind: Backend) -> None:
        self.steps = Steps()
        super().__init__(self.steps.watch)
        self.backend: FakeBackend = self.backends[kind]
        self.named = NamedDefinition(backend=kind, name="report")
        self.run = new_run(f"airflow_{kind}")
        self.runs.create(self.run)

    def hinder(self, hindrance: str) -> None:
        method, error = HINDRANCES[hindrance]
        errors = self.pacer.errors if method == "wait_for_turn" else self._errors_of(method)
        errors.append(error)

    def _errors_of(self, method: str) -> list[Exception]:
        return self.backend.errors.setdefault(method, [])

    def deliver(self) -> Counter[str]:
        """How often each method of a port was called."""
        seen = len(self.steps.moments)
        self.launch(self.run.run_id, 1, None, self.named)
        moments = [moment.split(" ", 1) for moment in self.steps.moments[seen:]]
        return Counter(name for when, name in moments if when == "before")

    @property
    def row(self) -> Run:
        row = self.runs.get(self.run.run_id)
        assert row is not None
        return row


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("hindrance", "asked", "delay"),
    [("no turn", ("resolve", "wait_for_turn"), 7), ("throttled", ("resolve",), 5)],
)
def test_it_is_put_off_without_a_second_question(
    kind: Backend, hindrance: str, asked: tuple[str, ...], delay: int
) -> None:
    """Asking twice would double a flood's questions."""
    scene = Scene(kind)
    scene.hinder(hindrance)
    assert scene.deliver() == Counter([*asked, "get", "send"])
    message = {"run_id": scene.run.run_id, "launch": 1, "since": scene.clock()}
    assert (scene.launches.messages, scene.launches.delays) == ([message], [delay])
    assert scene.row == scene.run


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_answer_the_message_comes_back(kind: Backend) -> None:
    scene = Scene(kind)
    scene.hinder("unanswered")
    with pytest.raises(NotYet, match="connection lost"):
        scene.deliver()
    assert scene.row == scene.run
    assert scene.steps.moments.count("before resolve") == 1


@pytest.mark.parametrize(("kind", "hindrance"), CASES)
def test_the_next_message_launches(kind: Backend, hindrance: str) -> None:
    scene = Scene(kind)
    scene.hinder(hindrance)
    try:
        scene.deliver()
    except NotYet:
        scene.deliver()
    else:
        scene.launch(scene.run.run_id, 1, scene.clock())
    assert len(scene.backend.launched) == 1
    assert scene.row.status is Status.LAUNCHED


@pytest.mark.parametrize(("kind", "hindrance"), CASES)
def test_a_stopped_run_ends_all_the_same(kind: Backend, hindrance: str) -> None:
    """The row decides, and what is stopped needs no turn."""
    scene = Scene(kind)
    scene.runs.request_stop(scene.run.run_id, STOP)
    scene.hinder(hindrance)
    scene.deliver()
    assert scene.row.ending is not None
    assert scene.row.ending.code == "StoppedBeforeLaunch"
    assert scene.launches.messages == []
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]


@pytest.mark.parametrize(("kind", "hindrance"), CASES)
def test_a_launched_run_stays_as_it_is(kind: Backend, hindrance: str) -> None:
    """A message that comes twice in a flood isn't put off behind the launch that it was for."""
    scene = Scene(kind)
    scene.deliver()
    launched = scene.row
    scene.hinder(hindrance)
    scene.deliver()
    assert scene.row == launched
    assert (len(scene.backend.launched), scene.launches.messages) == (1, [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hindrance", ["no turn", "throttled"])
def test_a_run_that_has_timed_out_ends_with_the_next_message(kind: Backend, hindrance: str) -> None:
    scene = Scene(kind)
    asked = replace(scene.run.request, timeout_seconds=60)
    scene.run = replace(scene.run, run_id="another", request=asked)
    scene.runs.create(scene.run)
    scene.clock.advance(61)
    scene.hinder(hindrance)
    scene.deliver()
    assert scene.row.stop is not None
    assert scene.row.stop.cause is StopCause.TIMEOUT
    scene.launch(scene.run.run_id, 1, scene.clock())
    assert scene.row.status is Status.ENDED
    assert scene.backend.launched == []
