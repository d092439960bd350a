"""Relays at the same time, repeated and dying, and the run's end in between."""

import json
import random
from collections import Counter
from collections.abc import Callable

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.live import MemoryLive, MemoryPieces, Together, small_pieces
from jetbridge_testing.memory import MemoryRuns
from jetbridge_testing.samples import REGION, launched_run
from jetbridge_testing.steps import Crash

from jetbridge.contract import S3LogTarget
from jetbridge.contract.lines import Line
from jetbridge.logs.live.close import CloseLive
from jetbridge.logs.live.memory import Memory
from jetbridge.logs.live.relay import Contended, LogEvent, Relay
from jetbridge.logs.live.streams import LiveStream, Named

GROUP = "/ecs/report"
# A push plays the first 50 of each, a night 150.
FIRSTS = [0, *(pytest.param(first, marks=pytest.mark.nightly) for first in (50, 100))]
# One invocation and two retries (AWS Lambda developer guide, asynchronous invocation).
ATTEMPTS = 3
Delivery = tuple[str, list[LogEvent]]


class World:
    """A run with two containers, two warm functions, and what CloudWatch Logs delivers."""

    def __init__(self, seed: int, deaths: float) -> None:
        self.chance = random.Random(seed)
        self.together = Together(self.chance, deaths)
        self.clock = Clock()
        self.live, self.pieces = MemoryLive(), MemoryPieces()
        self.run = launched_run()
        runs = MemoryRuns(900, self.clock)
        runs.create(self.run)
        watch = self.together.watch
        self.close = CloseLive(watch(self.live), watch(self.pieces), {GROUP}, REGION)
        self.relays = [
            Relay(
                watch(runs),
                watch(self.live),
                watch(self.pieces),
                Memory(self.clock),
                self.clock,
                self.clock.sleep,
                self.chance,
            )
            for _ in range(2)
        ]
        for container in ("main", "proxy"):
            stream = LiveStream(run_id=self.run.run_id, launch=1, container=container)
            self.live.note(Named(GROUP, container, stream))
        self.given_up: set[int] = set()

    @property
    def target(self) -> S3LogTarget:
        assert isinstance(self.run.request.log_target, S3LogTarget)
        return self.run.request.log_target

    def deliveries(self, count: int, most_lines: int) -> list[Delivery]:
        made, number = [], 0
        for _ in range(count):
            container = self.chance.choice(["main", "proxy"])
            events = []
            for _ in range(self.chance.randint(1, most_lines)):
                text = f"{number} " + "x" * self.chance.randint(0, 60)
                at = 1_772_323_229_000 + number // 3
                events.append(LogEvent(f"{number:056}", Line(at, text)))
                number += 1
            made.append((container, events))
        return made

    def invocations(self, delivery: Delivery) -> Callable[[], None]:
        """Lambda's: again after a failure; the last attempt doesn't die."""

        def invoke() -> None:
            for attempt in range(ATTEMPTS):
                self.together.mortal(attempt + 1 < ATTEMPTS)
                try:
                    self.chance.choice(self.relays)(GROUP, *delivery)
                    return
                except (Crash, Contended):
                    self.clock.advance(self.chance.choice([0, 60]))
            self.given_up.add(id(delivery))

        return invoke

    def copy_logs(self) -> None:
        """SQS's: again until it is done."""
        for _ in range(self.chance.randint(0, 40)):
            self.together.pass_moment()
        while True:
            self.together.mortal(True)
            try:
                return self.close(self.run)
            except Crash:
                self.clock.advance(1)

    def shown(self) -> list[str]:
        lines = [json.loads(line) for line in self.pieces.lines(self.target)]
        return [line["event"] for line in lines if line["logger"] != "jetbridge"]


def _texts(deliveries: list[Delivery]) -> list[str]:
    return [event.line.message for _, events in deliveries for event in events]


@pytest.mark.parametrize("first", FIRSTS)
def test_relays_at_the_same_time_lose_and_double_nothing(first: int) -> None:
    for seed in range(first, first + 50):
        world = World(seed, deaths=0)
        deliveries = world.deliveries(count=5, most_lines=6)
        with small_pieces(20, 1500):
            world.together.run(*map(world.invocations, deliveries))
            lost = {id(each) for each in deliveries} & world.given_up
            assert not lost, seed
            assert Counter(world.shown()) == Counter(_texts(deliveries)), seed


@pytest.mark.parametrize("first", FIRSTS)
def test_within_a_piece_lines_are_in_the_order_of_their_times(first: int) -> None:
    for seed in range(first, first + 50):
        world = World(seed, deaths=0.02)
        deliveries = world.deliveries(count=4, most_lines=10)
        with small_pieces(6, 1500):
            world.together.run(*map(world.invocations, deliveries))
        for stored in world.pieces.objects.values():
            times = [json.loads(line)["timestamp"] for line in stored.piece.lines]
            assert times == sorted(times), seed


@pytest.mark.parametrize("first", FIRSTS)
def test_what_is_shown_is_of_the_source_and_within_the_limits(first: int) -> None:
    """MemoryPieces holds each write against the limits."""
    for seed in range(first, first + 50):
        world = World(seed, deaths=0.05)
        deliveries = world.deliveries(count=4, most_lines=30)
        repeated = world.chance.choices(deliveries, k=2)
        with small_pieces(4, 1500):
            world.together.run(*map(world.invocations, deliveries + repeated))
        assert len(world.pieces.objects) <= 4, seed
        assert world.shown(), seed
        assert set(world.shown()) <= set(_texts(deliveries)), seed


@pytest.mark.parametrize("first", FIRSTS)
def test_after_the_complete_copy_no_piece_remains(first: int) -> None:
    for seed in range(first, first + 50):
        world = World(seed, deaths=0.08)
        deliveries = world.deliveries(count=4, most_lines=12)
        with small_pieces(4, 1500):
            world.together.run(world.copy_logs, *map(world.invocations, deliveries))
            assert world.pieces.objects == {}, seed
            world.together.run(*map(world.invocations, deliveries))
            assert world.pieces.objects == {}, seed
