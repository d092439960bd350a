"""The process dies between any two side effects of the way from an event to a delivered outcome."""

from collections import deque
from typing import Any

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.core import Core
from jetbridge_testing.logs import MemoryLogs
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue
from jetbridge_testing.samples import REGION, event, launched_run
from jetbridge_testing.steps import Crash, Steps, crash
from jetbridge_testing.tables import create_table
from msgspec.structs import replace

from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.outcomes.finish import Finish
from jetbridge.outcomes.port import Outcomes
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Run, Status

STOPPED_AT = 1_772_323_324.713
MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
END = "ecs_stopped_exit_3"
STEPS = [
    "apply",
    "send",
    "get",
    "get",
    "tail",
    "seal",
    "send",
    "send",
    "announce",
    "mark_finished",
]


class Scene:
    """The event's message and the finish queue, delivered until they are acknowledged.

    The run's outcome is pushed and its log copied, so that every side effect there is happens.
    """

    def __init__(
        self, steps: Steps, runs: Runs | None = None, outcomes: Outcomes | None = None
    ) -> None:
        self.clock = Clock(STOPPED_AT + 10)
        self.steps = steps
        self.outcomes = outcomes or MemoryOutcomes()
        self.core = Core(steps.watch, self.clock, runs=runs, outcomes=self.outcomes)
        self.logs = MemoryLogs({MAIN: ["first"]})
        self.bus, self.copies, self.notices = MemoryBus(), MemoryQueue(), MemoryQueue()
        self.finish = Finish(
            runs=steps.watch(self.core.runs),
            outcomes=steps.watch(self.outcomes),
            source=steps.watch(self.logs),
            notices=steps.watch(self.notices),
            copies=steps.watch(self.copies),
            bus=steps.watch(self.bus),
            region=REGION,
            settle_seconds=5,
            stacks="push",
            clock=self.clock,
        )
        run = launched_run()
        self.run = replace(run, request=replace(run.request, finish="push"))
        assert self.core.runs.create(self.run)
        self.events: deque[dict[str, Any]] = deque([event(END)])
        self.finishes: deque[str] = deque()
        self.handled = 0

    def deliver(self, comes_again: bool = True) -> None:
        """Deliver each message until it is acknowledged, or but once."""
        while self.events or self.finishes:
            self.handled += 1
            assert self.handled < 20, "a message is never acknowledged"
            queue: deque[Any] = self.events or self.finishes
            handle: Any = self.core.track if queue is self.events else self.finish
            message = queue.popleft()
            try:
                handle(message)
            except Crash:
                # Lines that come meanwhile must not change what is sealed already.
                self.logs.streams[MAIN].append("late")
                if comes_again:
                    queue.append(message)
            self.collect()

    def collect(self) -> None:
        """Take what was sent to the finish queue."""
        sent = self.core.finishes.messages
        self.finishes.extend(message["run_id"] for message in sent)
        sent.clear()

    @property
    def row(self) -> Run:
        row = self.core.runs.get(self.run.run_id)
        assert row is not None
        return row

    def check_delivered_once_in_effect(self) -> None:
        outcome = self.outcomes.get(self.run.run_id)
        assert outcome is not None
        assert outcome.exit_codes == {"main": 3}
        assert self.bus.announced
        assert all(announced == outcome for announced in self.bus.announced)
        assert {message["run_id"] for message in self.copies.messages} == {self.run.run_id}
        assert {message["run_id"] for message in self.notices.messages} == {self.run.run_id}
        assert (self.row.status, self.row.finished) == (Status.ENDED, True)
        assert list(self.core.runs.due(1e12)) == []


def _moments() -> list[str]:
    steps = Steps()
    Scene(steps).deliver()
    return steps.moments


MOMENTS = [f"{n} {name}" for n, name in enumerate(_moments())]


def test_the_side_effects_are_those_we_think_of() -> None:
    names = [moment.removeprefix("after ") for moment in _moments()[1::2]]
    assert names == STEPS


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_once(moment: str) -> None:
    scene = Scene(Steps({int(moment.split()[0]): crash}))
    scene.deliver()
    scene.check_delivered_once_in_effect()


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_once_on_dynamodb(moment: str, dynamo_runs: DynamoRuns, dynamodb: Any) -> None:
    outcomes = DynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable"))
    scene = Scene(Steps({int(moment.split()[0]): crash}), dynamo_runs, outcomes)
    scene.deliver()
    scene.check_delivered_once_in_effect()


@pytest.mark.parametrize("again", range(1, 6))
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_killed_again_soon_after(moment: str, again: int) -> None:
    first = int(moment.split()[0])
    scene = Scene(Steps({first: crash, first + again: crash}))
    scene.deliver()
    scene.check_delivered_once_in_effect()


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_never_delivered_again(moment: str) -> None:
    """The message is gone with the process: the sweeper finds what is left undone."""
    scene = Scene(Steps({int(moment.split()[0]): crash}))
    scene.core.ecs.records = {scene.run.backend_id or "": event(END)["detail"]}
    scene.deliver(comes_again=False)
    for _ in range(2):
        scene.clock.advance(900)
        scene.core.sweep()
        scene.collect()
        scene.deliver()
    scene.check_delivered_once_in_effect()


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_same_messages_at_the_same_time(moment: str) -> None:
    """Another process handles everything there is between any two steps of this one."""
    steps = Steps()
    scene = Scene(steps)

    def other() -> None:
        scene.core.track(event(END))
        for _ in range(2):
            scene.finish(scene.run.run_id)

    steps.plan[int(moment.split()[0])] = other
    scene.deliver()
    scene.check_delivered_once_in_effect()
