"""A run's whole history as AWS reports it, played in any order, with repetitions, losses, crashes.

A life is what the records of events/ tell of one launch. A history is the lives of a run's launches
one after the other; the next launch begins when the row says so. Whatever is lost is found by the
sweeper, which describes what AWS knows: the last record of each launch.
"""

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

from msgspec.structs import replace

from jetbridge.backends.changes import from_event
from jetbridge.contract import Launched, Outcome
from jetbridge.outcomes.finish import Finish
from jetbridge.progress.launched import is_current, launched_record
from jetbridge.queues.port import NotYet
from jetbridge.runs.names import LaunchName
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Run, Status
from jetbridge_testing.clock import Clock
from jetbridge_testing.core import Core
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.outcomes import OutcomesItems
from jetbridge_testing.samples import (
    DEFINITIONS,
    REGION,
    STACK_KEY,
    STATE_CHANGES,
    change,
    event,
    new_run,
)
from jetbridge_testing.steps import Crash, Steps, crash

TWO_ATTEMPTS = ["batch_runnable_second_attempt", "batch_running_second_attempt"]
# As if the row were due at once: a wait for capacity isn't to time out meanwhile.
SWEEP_SECONDS = 60
SUCCESS = {"ecs": "ecs_stopped_exit_0", "batch": "batch_succeeded"}


def _parsed(name: str) -> Any:
    return None if name == "batch_array_child_failed" else change(name)


ENDS = [name for name in STATE_CHANGES if (found := _parsed(name)) and found.ending]


def life_of(end: str) -> list[str]:
    """The samples of a launch that ends so."""
    if end.startswith("ecs"):
        began = change(end).ending
        return (["ecs_running"] if began and began.started_at else []) + [end]
    if end == "batch_array_parent_failed":
        return ["batch_runnable", "batch_array_child_failed", end]
    attempts = TWO_ATTEMPTS if "two_attempts" in end else []
    return ["batch_runnable", "batch_running", *attempts, end]


class NoLogs:
    """Containers that print nothing."""

    def tail(self, stream: object, limit: int) -> None:
        return None

    def lines(self, stream: object, settle_seconds: float) -> list[Any]:
        return []


class History:
    """``lives`` are of the launches in turn; any further launch succeeds.

    ``crashes`` are moments of the ports' calls (see ``Steps``) at which the function dies.
    """

    def __init__(
        self,
        lives: Sequence[list[str]],
        crashes: Sequence[int] = (),
        runs: Runs | None = None,
        outcomes: OutcomesItems | None = None,
    ) -> None:
        self.kind = lives[0][0].split("_")[0]
        self.lives = [*lives, life_of(SUCCESS[self.kind])]
        self.steps = Steps(dict.fromkeys(crashes, crash))
        self.clock = Clock()
        self.outcomes = outcomes or MemoryOutcomes()
        self.core = Core(
            self.steps.watch,
            self.clock,
            runs=runs or MemoryRuns(900, self.clock),
            outcomes=self.outcomes,
        )
        self.bus, self.copies, self.notices = MemoryBus(), MemoryQueue(), MemoryQueue()
        watch = self.steps.watch
        self.finish = Finish(
            runs=watch(self.core.runs),
            outcomes=watch(self.outcomes),
            source=watch(NoLogs()),
            notices=watch(self.notices),
            copies=watch(self.copies),
            bus=watch(self.bus),
            region=REGION,
            settle_seconds=5,
            clock=self.clock,
        )
        asked = new_run(f"airflow_{self.kind}").request
        self.run = new_run(request=replace(asked, timeout_seconds=None))
        assert self.core.runs.create(self.run)
        self.begun = 0
        self.sweeps = 0
        self.pending: list[tuple[str, Any]] = []
        self.seen: list[tuple[str, Any]] = []
        self.told = (0, "")
        self.running: dict[int, int] = {}

    @property
    def row(self) -> Run:
        row = self.core.runs.get(self.run.run_id)
        assert row is not None
        return row

    def play(self, random: Random, loss: float = 0.0, repeats: float = 0.0) -> Outcome:
        """Until the run is finished; returns its outcome."""
        for _ in range(500):
            self._begin_launch(random, loss, repeats)
            if self.pending:
                item = self.pending.pop(random.randrange(len(self.pending)))
                # launch_run's message comes again until it is done.
                lost = item[0] != "answer" and random.random() < loss
                if not self._delivered(item) and not lost:
                    self.pending.append(item)
            elif self.row.finished:
                break
            else:
                self._sweep()
        self.deliver_late(random)
        outcome = self.outcomes.get(self.run.run_id)
        assert outcome is not None
        return outcome

    def deliver_late(self, random: Random) -> None:
        """Everything that was there comes once more, after the run is finished."""
        late = random.sample(self.seen, len(self.seen))
        for item in late:
            while not self._delivered(item):
                pass
        while self.core.finishes.messages:
            self._collect()
            while self.pending:
                item = self.pending.pop()
                while not self._delivered(item):
                    pass

    def _begin_launch(self, random: Random, loss: float, repeats: float) -> None:
        row = self.row
        if row.launch == self.begun or row.status is Status.ENDED:
            return
        self.begun = row.launch
        runs = self.core.runs
        assert runs.begin_launch(row, self.clock(), DEFINITIONS[self.kind])
        life = self.lives[min(self.begun, len(self.lives)) - 1]
        items = [("event", self._event(name, self.begun)) for name in life]
        backend = self.core.backends[self.kind]
        backend.records = {self._backend_id(self.begun): items[-1][1]["detail"]}
        self.seen += [*items, ("answer", self.begun)]
        arriving = [item for item in items if random.random() >= loss]
        arriving += [item for item in items if random.random() < repeats]
        # Without the launch's answer and any event, launch_run's message would come again.
        self.pending += [*arriving, ("answer", self.begun)]

    def _delivered(self, item: tuple[str, Any]) -> bool:
        """Whether it was acknowledged."""
        kind, payload = item
        try:
            match kind:
                case "event":
                    self.core.track(payload)
                case "answer":
                    self.core.runs.launched(self.run.run_id, payload, self._backend_id(payload))
                    self.core.launched.at_launch(self.row)
                case "finish":
                    self.finish(payload["run_id"])
        except Crash:
            return False
        except NotYet as not_yet:
            self.clock.advance(not_yet.delay_seconds)
            return False
        finally:
            self._collect()
            self._look_at_the_record()
        self._check_told(kind, payload)
        return True

    def _look_at_the_record(self) -> None:
        """What the table tells never goes back, and nothing comes after the outcome."""
        standing = self.outcomes.standing(self.run.run_id)
        before = self.told
        if isinstance(standing, Outcome):
            self.told = (standing.launches, "outcome")
        elif standing is not None:
            self.told = (standing.launch, standing.started_at or "")
        else:
            assert self.told == (0, ""), "the item is gone"
        assert before <= self.told

    def _check_told(self, kind: str, payload: Any) -> None:
        """A message that was acknowledged has told what it said, if that is what there is."""
        row, standing = self.row, self.outcomes.standing(self.run.run_id)
        if row.status is not Status.LAUNCHED:
            return
        if kind == "answer" and payload == row.launch:
            assert isinstance(standing, Launched)
            assert (standing.launch, standing.backend_id) == (row.launch, row.backend_id)
        found = from_event(payload, STACK_KEY) if kind == "event" else None
        if found is not None and found.running and is_current(row, found):
            newest = max(found.order, self.running.get(found.launch, 0))
            self.running[found.launch] = newest
            if found.order < newest:
                return
            assert isinstance(standing, Launched)
            assert standing == launched_record(row, REGION, found)
            assert standing.started_at == found.started_at is not None

    def _collect(self) -> None:
        messages = self.core.finishes.messages
        self.pending += [("finish", message) for message in messages]
        messages.clear()

    def _sweep(self) -> None:
        self.clock.advance(SWEEP_SECONDS)
        self.core.runs.look_again(self.run.run_id, self.clock())
        self.sweeps += 1
        with suppress(Crash, ExceptionGroup):
            self.core.sweep()
        self._collect()

    def _event(self, name: str, launch: int) -> dict[str, Any]:
        reported = event(name)
        token = LaunchName(STACK_KEY, self.run.run_id, launch)
        if self.kind == "ecs":
            reported["detail"] |= {"startedBy": str(token), "taskArn": self._backend_id(launch)}
        elif "index" not in (reported["detail"].get("arrayProperties") or {}):
            job = {"jobName": token.job_name("load"), "jobId": self._backend_id(launch)}
            reported["detail"] |= job
        return reported

    def _backend_id(self, launch: int) -> str:
        return f"container-{launch}"


def essence(row: Run) -> dict[str, Any]:
    """A row without the times that depend on when Jetbridge heard of something."""
    return {
        "status": row.status,
        "launch": row.launch,
        "backend": (row.backend_id, row.backend_status, row.change_order),
        "ending": row.ending,
        "deaths": [(death.launch, death.cause, death.backend_id) for death in row.deaths],
        "delivered": row.finished,
    }
