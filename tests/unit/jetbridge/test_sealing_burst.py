"""Ten thousand ends at once, on five reads a second, beside copies that read as fast as they may.

All in virtual time: the functions of the template run beside each other, each call of AWS takes
what it takes in a function of 256 MB, and messages come back as SQS has it.
"""

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import REGION, ended_run
from jetbridge_testing.stand_ins import as_client
from jetbridge_testing.template import FUNCTIONS, resources, template
from jetbridge_testing.workers import Counters, Workers
from msgspec.structs import replace

from jetbridge.contract import LogStream, Outcome, State
from jetbridge.contract.lines import RESULT_MARKER, Line
from jetbridge.logs.port import Busy
from jetbridge.outcomes.finish import Finish
from jetbridge.pacing.dynamodb import DynamoPacer, Pace
from jetbridge.queues.messages import Times
from jetbridge.queues.port import NotYet

BEGAN = 1_772_323_324.0 + 10
RUNS = 10_000
# What a call of DynamoDB, SQS or EventBridge takes: some 10 ms of network, and 4 ms of a seventh
# of a processor for botocore. A page of GetLogEvents takes longer.
CALL_SECONDS = 0.015
READ_SECONDS = 0.1
INVOCATION_SECONDS = 30
KEY = f"logs#{REGION}"


def _source(function: str, event: str) -> Any:
    return FUNCTIONS[function]["Properties"]["Events"][event]["Properties"]


FINISH = _source("FinishRunFunction", "FinishQueue")
FINISHERS = FINISH["ScalingConfig"]["MaximumConcurrency"]
COPIERS = _source("CopyLogsFunction", "LogsQueue")["ScalingConfig"]["MaximumConcurrency"]
READS = template()["Parameters"]["LogReadsPerSecond"]["Default"]
MAX_RECEIVES = resources("AWS::SQS::Queue")["FinishQueue"]["Properties"]["RedrivePolicy"][
    "maxReceiveCount"
]
assert READS == 5


class Slow:
    """A port each of whose calls takes its time."""

    def __init__(self, port: Any, workers: Workers) -> None:
        self._port, self._workers = port, workers

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._workers.sleep(CALL_SECONDS)
            return getattr(self._port, name)(*args, **kwargs)

        return call


class Message:
    def __init__(self, run_id: str, sent: float) -> None:
        self.run_id, self.sent = run_id, sent
        self.visible_at = sent
        self.first_received: float | None = None
        self.receives = 0


class Burst:
    """``needing``: how many of the runs need their result, evenly among the others."""

    def __init__(self, needing: int = 0, throttled: float = 0.0, runs: int = RUNS) -> None:
        self.rng = random.Random(1)
        random.seed(1)
        self.workers = Workers(BEGAN)
        self.throttled = throttled
        self.reads: list[tuple[float, str]] = []
        self.runs = MemoryRuns(900, self.workers)
        self.outcomes = MemoryOutcomes()
        self.messages: list[Message] = []
        self.sealed_at: dict[str, float] = {}
        sample = ended_run("ecs_stopped_exit_0")
        every = runs // needing if needing else 0
        self.all = {f"run{number}" for number in range(runs)}
        self.needing: set[str] = set()
        for number in range(runs):
            run_id = f"run{number}"
            needs = bool(every) and number % every == 0
            self.needing |= {run_id} if needs else set()
            request = replace(sample.request, result_required=needs)
            self.runs.create(replace(sample, run_id=run_id, request=request))
            self.messages.append(Message(run_id, BEGAN + self.rng.random()))
        self.rng.shuffle(self.messages)
        counters = Counters()
        paces = {KEY: Pace.of(READS)}
        self.pacer = DynamoPacer(
            as_client(counters), "t", paces, clock=self.workers, sleep=self.workers.sleep
        )
        self.yielding = DynamoPacer(
            as_client(counters),
            "t",
            paces,
            clock=self.workers,
            sleep=self.workers.sleep,
            yields=True,
        )

    def tail(self, stream: LogStream, limit: int) -> list[Line]:
        self.reads.append((self.workers.now, "seal"))
        self.workers.sleep(READ_SECONDS)
        if self.rng.random() < self.throttled:
            raise Busy("Rate exceeded")
        return [Line(0, f"{RESULT_MARKER} 7")]

    def play(self) -> None:
        self.workers.play([self._finish] * FINISHERS + [self._copy] * COPIERS)

    @property
    def over(self) -> bool:
        return len(self.sealed_at) == len(self.all)

    def _copy(self) -> None:
        while not self.over:
            try:
                self.yielding.wait_for_turn(KEY)
            except NotYet as not_yet:
                self.workers.sleep(not_yet.delay_seconds)
                continue
            self.reads.append((self.workers.now, "copy"))
            self.workers.sleep(READ_SECONDS)

    def _finish(self) -> None:
        workers = self.workers
        source: Any = self
        finish = Finish(
            Slow(self.runs, workers),
            Slow(self.outcomes, workers),
            source,
            MemoryQueue(),
            Slow(MemoryQueue(), workers),
            Slow(MemoryBus(), workers),
            REGION,
            5,
            "feed",
            workers,
            Slow(self.pacer, workers),
        )
        while not self.over:
            batch = self._receive()
            if not batch:
                workers.sleep(1)
                continue
            end = workers.now + INVOCATION_SECONDS
            for message in batch:
                times = Times(message.sent, message.first_received)
                try:
                    outcome = finish(message.run_id, times, partial(self._left, end))
                except NotYet as not_yet:
                    message.visible_at = workers.now + not_yet.delay_seconds
                    self.messages.append(message)
                    continue
                assert outcome is not None
                assert message.run_id not in self.sealed_at
                self.sealed_at[message.run_id] = workers.now
            assert workers.now < end

    def _left(self, end: float) -> float:
        return end - self.workers.now

    def _receive(self) -> list[Message]:
        batch: list[Message] = []
        for message in self.messages:
            if message.visible_at <= self.workers.now:
                batch.append(message)
                if len(batch) == FINISH["BatchSize"]:
                    break
        for message in batch:
            self.messages.remove(message)
            message.receives += 1
            assert message.receives < MAX_RECEIVES, "a dead letter"
            if message.first_received is None:
                message.first_received = self.workers.now
        return batch

    def outcomes_of(self, run_ids: set[str]) -> Iterator[Outcome]:
        for run_id in run_ids:
            outcome = self.outcomes.get(run_id)
            assert isinstance(outcome, Outcome)
            yield outcome

    @property
    def plain(self) -> set[str]:
        return self.all - self.needing

    @property
    def most_reads_in_a_second(self) -> int:
        times = sorted(at for at, _ in self.reads)
        first = most = 0
        for last, at in enumerate(times):
            while times[first] <= at - 1:
                first += 1
            most = max(most, last - first + 1)
        return most


@pytest.mark.parametrize(
    ("needing", "throttled"),
    [
        # Milder ones than the last.
        pytest.param(0, 0, id="none needs a result", marks=pytest.mark.nightly),
        pytest.param(500, 0, id="500 need theirs", marks=pytest.mark.nightly),
        pytest.param(0, 0.5, id="half throttled", marks=pytest.mark.nightly),
        pytest.param(500, 0.5, id="500 need theirs, half throttled"),
    ],
)
def test_ten_thousand_ends_are_sealed_within_five_minutes(needing: int, throttled: float) -> None:
    burst = Burst(needing, throttled)
    burst.play()
    last_event = BEGAN + 1
    plain = max(burst.sealed_at[run_id] for run_id in burst.plain) - last_event
    assert plain <= 300
    for outcome in burst.outcomes_of(burst.plain):
        assert outcome.state is State.SUCCEEDED
        assert (
            (outcome.result, outcome.unread) == (7, [])
            or (outcome.result is None and outcome.unread and "no turn" in outcome.advice)
            or "Rate exceeded" in outcome.advice
        )
    for outcome in burst.outcomes_of(burst.needing):
        assert (outcome.state, outcome.result) == (State.SUCCEEDED, 7)
    assert burst.most_reads_in_a_second <= READS + Pace.of(READS).burst
    whole = max(burst.sealed_at.values()) - BEGAN
    seals = [at for at, kind in burst.reads if kind == "seal"]
    copies = [at for at, kind in burst.reads if kind == "copy"]
    print(f"plain after {plain:.0f} s, all after {whole:.0f} s; reads: {len(seals)}, {len(copies)}")
    # While there is anything to seal, no turn is lost, and copies get next to none.
    busy = [at for at in seals if at < BEGAN + plain]
    assert len(busy) >= 0.8 * READS * plain
    assert sum(at < BEGAN + plain for at in copies) <= 0.1 * len(busy)


def test_copies_read_when_nothing_is_to_be_sealed() -> None:
    burst = Burst(runs=1)
    [message] = burst.messages
    message.sent = message.visible_at = BEGAN + 60
    burst.play()
    copies = [at for at, kind in burst.reads if kind == "copy" and at < BEGAN + 60]
    assert len(copies) >= 0.95 * READS * 60
    assert burst.sealed_at["run0"] <= BEGAN + 63
