"""The services together, over ports in memory."""

from collections.abc import Callable
from typing import Any

from jetbridge.contract import AirflowCaller, StartRequest
from jetbridge.launching.endings import Endings
from jetbridge.launching.hand_over import HandOver
from jetbridge.launching.launch import Launch
from jetbridge.launching.put_off import Turns
from jetbridge.launching.start import Start
from jetbridge.progress.launched import LaunchedWriter
from jetbridge.progress.waiting import WaitingWriter
from jetbridge.queues.messages import StopMessage, stop_or_orphan
from jetbridge.runs.port import Runs
from jetbridge.stopping.orphans import StopOrphan
from jetbridge.stopping.stop import StopRuns
from jetbridge.tracking.audit import Audit
from jetbridge.tracking.sweep import Sweep
from jetbridge.tracking.track import Track
from jetbridge_testing.admission import ALLOWED, admission
from jetbridge_testing.backends import FakeBatch, FakeEcs
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import (
    MemoryAnswers,
    MemoryGroups,
    MemoryOutcomes,
    MemoryQueue,
    MemoryRuns,
    MemoryTries,
)
from jetbridge_testing.samples import REGION, STACK_KEY

PLACES = {"ecs": ALLOWED.clusters, "batch": ALLOWED.job_queues}


def stop_of(message: dict[str, Any]) -> StopMessage:
    """A message of the stop queue that is about runs, as stop_run's handler reads it."""
    asked = stop_or_orphan(message)
    assert isinstance(asked, StopMessage)
    return asked


class FreePacer:
    """Gives every turn at once; ``errors`` are raised first."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.errors: list[Exception] = []

    def wait_for_turn(
        self, backend: str, longest_wait: float | None = None, turns: int = 1
    ) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.turns.append(backend)


class Core:
    """Every service of runs over the same ports. ``watch`` wraps each port that they see."""

    def __init__(
        self,
        watch: Callable[[Any], Any] = lambda port: port,
        clock: Clock | None = None,
        runs: Runs | None = None,
        backends: dict[str, Any] | None = None,
        queues: dict[str, Any] | None = None,
        outcomes: Any = None,
    ) -> None:
        self.clock = clock or Clock()
        self.memory = MemoryRuns(900, self.clock)
        self.runs: Runs = runs or self.memory
        self.outcomes: Any = outcomes or MemoryOutcomes()
        names = ("launch", "finish", "stop", "copy")
        made: dict[str, Any] = queues or {name: MemoryQueue() for name in names}
        self.launches, self.finishes = made["launch"], made["finish"]
        self.stops, self.copies = made["stop"], made["copy"]
        self.pacer = FreePacer()
        self.ecs, self.batch = FakeEcs(self.clock), FakeBatch(self.clock)
        self.backends = backends or {"ecs": self.ecs, "batch": self.batch}
        rows, launches, stops = watch(self.runs), watch(self.launches), watch(self.stops)
        known = {name: watch(backend) for name, backend in self.backends.items()}
        answers = None
        if runs is None and isinstance(self.outcomes, MemoryOutcomes):
            answers = watch(MemoryAnswers(self.memory, self.outcomes))
        self.launched = LaunchedWriter(watch(self.outcomes), REGION, answers, self.clock)
        self.waits = WaitingWriter(watch(self.outcomes))
        self.groups = MemoryGroups({"etl": 2, "ml": 1})
        groups = watch(self.groups)
        hand_over = HandOver(watch(self.finishes), groups)
        self.endings = Endings(rows, hand_over, launches, self.clock, self.waits)
        self.start = Start(
            rows,
            watch(MemoryTries(self.memory)),
            launches,
            stops,
            watch(self.copies),
            admission(),
            "outcomes",
            "stop",
            REGION,
            self.clock,
        )
        self.launch = Launch(
            runs=rows,
            backends=known,
            endings=self.endings,
            launches=launches,
            stops=stops,
            turns=Turns(watch(self.pacer), groups),
            launched=self.launched,
            stack_key=STACK_KEY,
            clock=self.clock,
        )
        self.track = Track(rows, self.endings, stops, self.launched, STACK_KEY, waits=self.waits)
        self.stop = StopRuns(rows, known, self.endings, stops, self.clock)
        self.stop_orphan = StopOrphan(known, stops, self.clock)
        self.sweep = Sweep(
            rows, known, self.track, self.endings, launches, stops, 900, clock=self.clock
        )
        self.audit = Audit(rows, known, self.track, PLACES, clock=self.clock, groups=groups)

    def tries_of(self, request: StartRequest) -> str | None:
        """The newest run of the request's Airflow task."""
        assert isinstance(request.caller, AirflowCaller)
        return self.memory.newest(request.caller.task_key)
