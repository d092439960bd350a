"""A whole history of one run, with everything that may go wrong in it, out of a seed.

Functions die between any two port calls, messages come twice and at once, AWS throttles, refuses,
loses answers, remembers client tokens for as long as it says and lists jobs late, launches die of
the platform and events come in any order. After a while the weather calms, so that a history ends.
"""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from jetbridge.backends.port import LaunchRefused, Throttled, Unanswered
from jetbridge.backends.stops import each_by_itself
from jetbridge.contract import FailurePolicy, Launched, StartRequest, StopRequest, decode
from jetbridge.outcomes.finish import Finish
from jetbridge.queues.messages import LaunchMessage, OrphanMessage
from jetbridge.queues.port import NotYet
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Definition, Run, Status
from jetbridge_testing.clock import Clock
from jetbridge_testing.core import Core, stop_of
from jetbridge_testing.histories import NoLogs
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue
from jetbridge_testing.queued import queued
from jetbridge_testing.samples import DEFINITIONS, REGION, event, new_run
from jetbridge_testing.steps import Crash, Steps

VISIBILITY_SECONDS = 180
LISTING_LAG_SECONDS = 15
CALM_AFTER_SECONDS = 1500
ENDINGS = {
    "ecs": [
        "ecs_stopped_exit_0",
        "ecs_stopped_exit_3",
        "ecs_spot_interruption",
        "ecs_capacity_unavailable",
        "ecs_network_interface_timeout",
    ],
    "batch": ["batch_succeeded", "batch_failed_two_attempts", "batch_host_terminated"],
}
REFUSALS = ["RESOURCE:MEMORY", "Capacity is unavailable at this time", "AGENT"]


class Tasks:
    """ECS or Batch: what was really launched, by name and time, and how long it lives."""

    def __init__(self, kind: str, world: "World") -> None:
        self.kind = kind
        self.world = world
        self.launched: list[tuple[str, float]] = []
        self.ends: dict[str, float] = {}
        self.refused: set[str] = set()
        self.records: dict[str, dict[str, Any]] = {}
        self.running: dict[str, dict[str, Any]] = {}

    def resolve(self, parameters: dict[str, Any]) -> Definition:
        self._throttle()
        return DEFINITIONS[self.kind]

    def launch(self, name: LaunchName, parameters: dict[str, Any], definition: Definition) -> str:
        self._throttle()
        if self.world.happens(0.03):
            raise Unanswered("connection lost before")
        backend_id = self._launch(str(name))
        if self.world.happens(0.05):
            raise Unanswered("connection lost after")
        return backend_id

    def find(self, name: LaunchName, parameters: dict[str, Any]) -> str | None:
        self._throttle()
        for launched, at in self.launched:
            if launched == str(name) and self.world.clock() - at >= LISTING_LAG_SECONDS:
                return self._id(launched)
        return None

    def stop(self, backend_id: str, parameters: dict[str, Any], reason: str) -> None:
        self._throttle()
        if self.ends[backend_id] > self.world.clock():
            stopped = "ecs_stopped_by_user" if self.kind == "ecs" else "batch_terminated"
            self._end(backend_id, stopped, self.world.clock() + self.world.random.randint(0, 60))

    def stop_all(self, stops: Mapping[str, dict[str, Any]], reason: str) -> dict[str, Exception]:
        return each_by_itself(self.stop, stops, reason)

    def describe(self, place: str, backend_ids: list[str]) -> list[dict[str, Any]]:
        self._throttle()
        now = self.world.clock()
        return [self.records[one] for one in backend_ids if self.ends.get(one, now + 1) <= now]

    def living(self, place: str, prefix: str) -> Iterator[list[dict[str, Any]]]:
        self._throttle()
        now = self.world.clock()
        for backend_id, record in self.running.items():
            if self.ends[backend_id] > now:
                yield [record]

    def places(self) -> list[str]:
        return []

    def _launch(self, name: str) -> str:
        if self.kind == "ecs" and any(launched == name for launched, _ in self.launched):
            # The client token: remembered for an hour after the task's end.
            assert self.world.clock() < self.ends[self._id(name)] + 3600
            return self._id(name)
        if self.kind == "ecs" and (name in self.refused or self.world.happens(0.15)):
            # A failed launch is replayed, too.
            self.refused.add(name)
            raise LaunchRefused(self.world.random.choice(REFUSALS), "RunTask")
        self.launched.append((name, self.world.clock()))
        ending = self.world.random.choice(ENDINGS[self.kind])
        lasts = self.world.random.choice([0, 1, 20, 300])
        self._end(self._id(name), ending, self.world.clock() + lasts)
        return self._id(name)

    def _end(self, backend_id: str, sample: str, at: float) -> None:
        name = backend_id.removeprefix("id-")
        for stage in ([f"{self.kind}_running"] if self.world.happens(0.5) else []) + [sample]:
            reported = event(stage)
            detail = reported["detail"]
            if self.kind == "ecs":
                detail |= {"startedBy": name, "taskArn": backend_id}
            else:
                detail |= {"jobName": f"{name}-load", "jobId": backend_id}
            if stage == sample:
                self.ends[backend_id] = at
                self.records[backend_id] = detail
            else:
                self.running[backend_id] = detail
            if not self.world.happens(0.1):
                self.world.post("event", reported, at + self.world.random.choice([0, 0, 1, 90]))

    def _id(self, name: str) -> str:
        return f"id-{name}"

    def _throttle(self) -> None:
        if self.world.happens(0.05):
            raise Throttled("Rate exceeded")


class Post:
    """A queue whose messages the world delivers."""

    def __init__(self, world: "World", kind: str) -> None:
        self.world, self.kind = world, kind
        self.delays: list[int] = []

    def send(self, message: Any, delay_seconds: int = 0, group: str = "") -> None:
        assert 0 <= delay_seconds <= 900
        self.world.post(self.kind, queued(message), self.world.clock() + delay_seconds)


class Weather(Steps):
    """Between two port calls: the function dies, or another message is handled meanwhile."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.world = world

    def pass_moment(self, name: str) -> None:
        if self.world.happens(0.03):
            raise Crash
        if self.world.happens(0.04) and self.world.depth < 3:
            self.world.deliver_one()


class World:
    def __init__(self, kind: str, seed: int) -> None:
        self.random = random.Random(f"{kind}/{seed}")
        self.clock = Clock()
        self.began = self.clock()
        self.pending: list[tuple[float, str, dict[str, Any]]] = []
        self.depth = 0
        self.finished: set[str] = set()
        self.orphans = 0
        self.told = 0
        self.tasks = Tasks(kind, self)
        self.core = self._core(kind)
        self.outcomes: MemoryOutcomes = self.core.outcomes
        self.bus = MemoryBus()
        self.finish = self._finish()
        self.request = self._request(kind)
        self.run_id = new_run(request=self.request).run_id
        for _ in range(self.random.randint(1, 3)):
            self.post("start", {}, self.began + self.random.choice([0, 1, 200]))
        self.stops = self.random.random() < 0.25
        if self.stops:
            self.post("wish", {}, self.began + self.random.choice([0, 1, 30, 400]))

    def happens(self, chance: float) -> bool:
        return self.clock() - self.began < CALM_AFTER_SECONDS and self.random.random() < chance

    def post(self, kind: str, message: dict[str, Any], at: float) -> None:
        self.pending.append((at, kind, message))
        if self.happens(0.1):
            self.pending.append((at + self.random.choice([0, 60, 400]), kind, message))

    def play(self) -> Run:
        """Deliver everything there is, with the sweeper each minute; the row at the end."""
        swept = self.clock()
        for _ in range(4000):
            if self.clock() - swept >= 60:
                swept = self.clock()
                self._guarded(self.core.sweep)
                if self.happens(0.1):
                    self._guarded(self.core.audit)
            if self.deliver_one():
                continue
            self._check_told()
            row = self.row
            if not self.pending and row is not None and row.finished:
                return row
            self.clock.advance(1 if self._due_soon() else 30)
        raise AssertionError(f"never ends: {self.row} {self.pending}")

    def deliver_one(self) -> bool:
        """Deliver one of the messages that are due; whether there was one."""
        due = [item for item in self.pending if item[0] <= self.clock()]
        if not due:
            return False
        item = self.random.choice(due)
        self.pending.remove(item)
        _, kind, message = item
        again = self._guarded(lambda: self._handle(kind, message))
        if again is not None:
            self.pending.append((self.clock() + again, kind, message))
        return True

    @property
    def row(self) -> Run | None:
        return self.core.memory.get(self.run_id)

    def _check_told(self) -> None:
        """What launch_run has done with is reported, unless it is over."""
        row = self.row
        if row is None or row.status is not Status.LAUNCHED:
            return
        if not any(kind == "launch" for _, kind, _ in self.pending):
            told = self.outcomes.standing(self.run_id)
            assert isinstance(told, Launched)
            assert (told.launch, told.backend_id) == (row.launch, row.backend_id)
            self.told += 1

    def _guarded(self, handle: Any) -> float | None:
        """Seconds until the message comes back; None: it was acknowledged."""
        self.depth += 1
        try:
            handle()
        except NotYet as not_yet:
            return not_yet.delay_seconds
        except (Crash, Throttled, Unanswered, ExceptionGroup):
            return self.random.choice([VISIBILITY_SECONDS, 1])
        finally:
            self.depth -= 1
        return None

    def _handle(self, kind: str, message: dict[str, Any]) -> None:
        match kind:
            case "start":
                self.core.start(self.request)
            case "launch":
                asked = decode(LaunchMessage, message)
                self.core.launch(asked.run_id, asked.launch, asked.since, asked.definition)
            case "event":
                self.core.track(message)
            case "wish":
                self.core.stop(StopRequest(run_ids=[self.run_id], reason="cleared", by="ada"))
            case "stop" if "orphan" in message:
                self.orphans += 1
                found = decode(OrphanMessage, message)
                self.core.stop_orphan(found.orphan, found.since)
            case "stop":
                self.core.stop.of_message(stop_of(message))
            case "finish":
                row = self.core.memory.get(message["run_id"])
                assert row is not None
                assert row.status is Status.ENDED
                self.finish(message["run_id"])
                self.finished.add(message["run_id"])

    def _due_soon(self) -> bool:
        return any(at - self.clock() < 30 for at, _, _ in self.pending)

    def _core(self, kind: str) -> Core:
        weather = Weather(self)
        queues = {name: Post(self, name) for name in ("launch", "finish", "stop", "copy")}
        return Core(weather.watch, self.clock, backends={kind: self.tasks}, queues=queues)

    def _finish(self) -> Finish:
        watch = Weather(self).watch
        return Finish(
            runs=watch(self.core.memory),
            outcomes=watch(self.outcomes),
            source=watch(NoLogs()),
            notices=watch(MemoryQueue()),
            copies=watch(MemoryQueue()),
            bus=watch(self.bus),
            region=REGION,
            settle_seconds=5,
            clock=self.clock,
        )

    def _request(self, kind: str) -> StartRequest:
        asked = new_run(f"airflow_{kind}").request
        policy = FailurePolicy(infra_retries=self.random.choice([0, 1, 2, 4]))
        return replace(asked, failure_policy=policy, timeout_seconds=None)
