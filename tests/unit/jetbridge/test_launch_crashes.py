"""launch_run dies at any step, its message comes again, and twice at once: one container."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jetbridge_testing.backends import Backend, FakeBackend
from jetbridge_testing.core import Core
from jetbridge_testing.samples import new_run
from jetbridge_testing.steps import Crash, Steps, crash
from msgspec.structs import replace

from jetbridge.backends.port import Throttled, Unanswered
from jetbridge.contract import Launched, StopCause
from jetbridge.queues.groups import message_group
from jetbridge.queues.messages import NamedDefinition
from jetbridge.queues.port import NotYet
from jetbridge.runs.run import Run, Status, Stop

KINDS: tuple[Backend, ...] = ("ecs", "batch")
VISIBILITY_SECONDS = 180
STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")


def _throttle() -> None:
    raise Throttled("Rate exceeded")


def _lose_answer() -> None:
    raise Unanswered("connection lost")


class Scene(Core):
    """start_run has accepted a run; every port is watched by ``steps``."""

    def __init__(self, kind: Backend, steps: Steps, unread: bool = True) -> None:
        super().__init__(steps.watch)
        self.backend: FakeBackend = self.backends[kind]
        self.run = new_run(f"airflow_{kind}")
        self.runs.create(self.run)
        self.named = NamedDefinition(backend=kind, name="report") if unread else None

    def deliver_once(self) -> float | None:
        """Deliver the message; the seconds until it comes again, None if it was acknowledged."""
        sent = len(self.launches.messages)
        try:
            self.launch(self.run.run_id, 1, None, self.named)
        except NotYet as not_yet:
            return not_yet.delay_seconds
        except Crash:
            return VISIBILITY_SECONDS
        return self.launches.delays[-1] if len(self.launches.messages) > sent else None

    def deliver(self, redelivery: Callable[[float], float] = float) -> None:
        for _ in range(40):
            delay = self.deliver_once()
            if delay is None:
                return
            self.clock.advance(redelivery(delay))
        raise AssertionError("the message never gets acknowledged")

    @property
    def row(self) -> Run:
        row = self.runs.get(self.run.run_id)
        assert row is not None
        return row

    def check_launched_once(self) -> None:
        assert len(self.backend.launched) == 1
        assert self.row.status is Status.LAUNCHED
        assert self.row.backend_id == f"{self.backend.kind}-0"
        told = self.outcomes.standing(self.run.run_id)
        assert isinstance(told, Launched)
        assert (told.launch, told.backend_id) == (1, self.row.backend_id)
        assert told.launched_at == self.row.launched_at


def _moments(kind: Backend, unread: bool) -> list[str]:
    steps = Steps()
    Scene(kind, steps, unread).deliver()
    return steps.moments


# ``unread``: the message names the definition, and the launch is claimed before the row is read.
CASES = [
    (kind, unread, n, name)
    for kind in KINDS
    for unread in (False, True)
    for n, name in enumerate(_moments(kind, unread))
]


def test_the_steps_are_those_we_think_of() -> None:
    read = ["get", "wait_for_turn", "resolve", "begin_launch", "launch", "launched", "put_launched"]
    unread = ["resolve", "wait_for_turn", "claim_first", "launch", "put"]
    for kind in KINDS:
        for known, expected in ((False, read), (True, unread)):
            moments = _moments(kind, known)[1::2]
            assert [moment.removeprefix("after ") for moment in moments] == expected


@pytest.mark.parametrize("seconds", [1, 50, VISIBILITY_SECONDS])
@pytest.mark.parametrize(("kind", "unread", "moment", "name"), CASES)
def test_crash_at_each_step(
    kind: Backend, unread: bool, moment: int, name: str, seconds: float
) -> None:
    scene = Scene(kind, Steps({moment: crash}), unread)
    scene.deliver(lambda delay: seconds if delay == VISIBILITY_SECONDS else delay)
    scene.check_launched_once()
    scene.deliver()
    scene.check_launched_once()


@pytest.mark.parametrize(("kind", "unread", "moment", "name"), CASES)
def test_the_same_message_at_the_same_time(
    kind: Backend, unread: bool, moment: int, name: str
) -> None:
    steps = Steps()
    scene = Scene(kind, steps, unread)
    steps.plan[moment] = lambda: (scene.deliver_once(), None)[1]
    scene.deliver()
    scene.check_launched_once()


@pytest.mark.parametrize(("kind", "unread", "moment", "name"), CASES)
def test_a_stop_at_each_step_leaves_nothing_running(
    kind: Backend, unread: bool, moment: int, name: str
) -> None:
    steps = Steps()
    scene = Scene(kind, steps, unread)
    steps.plan[moment] = lambda: (scene.runs.request_stop(scene.run.run_id, STOP), None)[1]
    scene.deliver()
    if name in ("after launched", "before put_launched", "after put_launched", "after put"):
        # stop_run itself knows what to stop from here on.
        assert scene.row.backend_id is not None
    elif scene.backend.launched:
        assert scene.backend.stopped == [(f"{kind}-0", "cleared")]
    else:
        assert scene.row.ending is not None
        assert scene.finishes.messages == [{"run_id": scene.run.run_id}]


@pytest.mark.parametrize(("kind", "unread", "moment", "name"), CASES)
def test_a_stop_and_a_crash_at_each_step(
    kind: Backend, unread: bool, moment: int, name: str
) -> None:
    steps = Steps()
    scene = Scene(kind, steps, unread)

    def stop_and_crash() -> None:
        scene.runs.request_stop(scene.run.run_id, STOP)
        raise Crash

    steps.plan[moment] = stop_and_crash
    scene.deliver()
    if scene.backend.launched:
        assert {stopped for stopped, _ in scene.backend.stopped} == {f"{kind}-0"}
        assert len(scene.backend.launched) == 1
    else:
        assert scene.row.ending is not None
        assert scene.finishes.messages


@given(
    kind=st.sampled_from(KINDS),
    happenings=st.dictionaries(
        st.integers(0, 40), st.sampled_from(["crash", "twice", "throttle"]), max_size=8
    ),
    delays=st.lists(st.integers(0, 200), min_size=1, max_size=5),
)
@example(kind="batch", happenings={14: "twice", 15: "throttle"}, delays=[0])
def test_random_histories_launch_once(
    kind: Backend, happenings: dict[int, str], delays: list[int]
) -> None:
    steps = Steps()
    scene = Scene(kind, steps)

    def twice() -> None:
        # What the other delivery dies of is not what this one's call answers.
        with suppress(Throttled, Unanswered):
            scene.deliver_once()

    def throttle() -> None:
        # After a call AWS has done it: then only the answer can be lost.
        (_throttle if steps.moments[-1].startswith("before") else _lose_answer)()

    does = {"crash": crash, "twice": twice, "throttle": throttle}
    steps.plan.update({moment: does[name] for moment, name in happenings.items()})
    for _ in range(60):
        try:
            delay = scene.deliver_once()
        except (Throttled, Unanswered):
            delay = VISIBILITY_SECONDS
        if delay is None and not steps.plan:
            break
        scene.clock.advance(delays[len(steps.moments) % len(delays)] or (delay or 1))
        if scene.clock() - scene.run.created_at > 45 * 60:
            break
    steps.plan.clear()
    scene.deliver()
    scene.check_launched_once()


def test_repeated_starts_are_one_run_with_one_launch() -> None:
    core = Core()
    asked = new_run().request
    first = core.start(asked)
    core.clock.advance(5)
    second = core.start(asked)
    assert (first.run_id, first.duplicate) == (second.run_id, not second.duplicate)
    assert {message["run_id"] for message in core.launches.messages} == {first.run_id}
    assert set(core.launches.groups) == {message_group(asked.caller)}
    row = core.runs.get(first.run_id)
    assert row is not None
    assert row.created_at == core.clock() - 5


@pytest.mark.parametrize(
    ("number", "moment"), [(1, each) for each in range(4)] + [(2, each) for each in range(6)]
)
def test_crash_of_start_run_at_each_step_is_made_good_by_a_repeated_start(
    number: int, moment: int
) -> None:
    steps = Steps({moment: crash})
    core = Core(steps.watch)
    asked = new_run().request
    asked = replace(asked, caller=replace(asked.caller, try_number=number))
    with pytest.raises(Crash):
        core.start(asked)
    answer = core.start(asked)
    assert {message["run_id"] for message in core.launches.messages} == {answer.run_id}
    assert core.tries_of(asked) == answer.run_id
    core.launch(answer.run_id, 1)
    core.launch(answer.run_id, 1)
    assert len(core.ecs.launched) == 1


def test_the_steps_of_start_run() -> None:
    steps = Steps()
    Core(steps.watch).start(new_run().request)
    names = [moment.removeprefix("after ") for moment in steps.moments[1::2]]
    assert names == ["create", "send"]
    first = new_run().request
    retry = replace(first, caller=replace(first.caller, try_number=2))
    steps.moments.clear()
    Core(steps.watch).start(retry)
    names = [moment.removeprefix("after ") for moment in steps.moments[1::2]]
    assert names == ["newest", "create", "send"]


def test_repeated_start_of_a_launched_run_queues_nothing() -> None:
    core = Core()
    answer = core.start(new_run().request)
    core.launches.messages.clear()
    core.runs.launched(answer.run_id, 1, "arn")
    assert core.start(new_run().request).run_id == answer.run_id
    assert core.launches.messages == []
