"""copy_logs over clients in memory, with crashes, late and repeated messages."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from jetbridge.aws.records import Record
from jetbridge.contract import decode
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.logs.cloudwatch_writer import CloudWatchStreams
from jetbridge.logs.copy import Copy
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.copy_stream import CopyStream
from jetbridge.logs.port import LogsSource
from jetbridge.logs.reading import Reading
from jetbridge.logs.s3 import S3Objects
from jetbridge.queues.copies import CopyMessage
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import Event, FaultyLogsClient, FreeTurns, StreamsClient
from jetbridge_testing.memory import MemoryRuns
from jetbridge_testing.objects import S3Client
from jetbridge_testing.queued import queued
from jetbridge_testing.stand_ins import as_client

Message = dict[str, Any]
REGION = "eu-central-1"


class Crash(BaseException):
    """The function's end in the middle of whatever it did."""


class MemoryCopies:
    def __init__(self) -> None:
        self.states: dict[str, CopyState] = {}

    def get(self, key: str) -> CopyState:
        return self.states.get(key, CopyState())

    def save(self, key: str, state: CopyState) -> bool:
        if self.get(key).version != state.version - 1:
            return False
        self.states[key] = state
        return True


class MemoryJobs:
    """``JobRecords`` over records by job id."""

    def __init__(self, records: dict[str, Record] | None = None) -> None:
        self.records = records or {}
        self.asked: list[list[str]] = []

    def describe(self, job_ids: list[str]) -> dict[str, Record]:
        self.asked.append(job_ids)
        assert len(job_ids) <= 100
        return {each: self.records[each] for each in job_ids if each in self.records}

    def failed_children(self, job_id: str, most: int) -> list[str]:
        failed = [
            each
            for each, record in self.records.items()
            if each.startswith(f"{job_id}:") and record["status"] == "FAILED"
        ]
        return sorted(failed, key=lambda each: int(each.split(":")[1]))[:most]


class Wrapped:
    """A port each of whose calls goes through ``around``."""

    def __init__(self, port: Any, around: Callable[[Callable[[], Any]], Any]) -> None:
        self._port = port
        self._around = around

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return lambda *given, **named: self._around(lambda: method(*given, **named))


@dataclass
class World:
    """Messages are delivered until none are left.

    ``crashes``: of all calls of ports, how many the function doesn't survive, before or after
    the call. ``twins``: of all calls, during how many another delivery of a message, often the
    same one, runs from beginning to end.
    """

    seed: int
    events: list[Event] = field(default_factory=list)
    source: LogsSource | None = None
    clock: Clock = field(default_factory=Clock)
    crashes: float = 0.0
    twins: float = 0.0
    invocation_seconds: float = 150
    settle_seconds: float = 5
    slice_pages: int = 20
    part_bytes: int = 8 * 1024 * 1024
    least_part: int = 5 * 1024 * 1024
    records: dict[str, Record] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.logs = FaultyLogsClient(self.events, self.clock, self.rng)
        self.s3 = S3Client(self.least_part)
        self.cloudwatch = StreamsClient(self.clock, self.rng)
        self.copies = MemoryCopies()
        self.jobs = MemoryJobs(self.records)
        self.runs = MemoryRuns(900, self.clock)
        self.turns = FreeTurns()
        self.waiting: list[tuple[float, Message]] = []
        self.sent: list[Message] = []
        self.crashed = self.repeated = self.invocations = 0
        self._depth = 0
        self._current: Message = {}

    def send(self, sent: Any, delay_seconds: int = 0, group: str = "") -> None:
        assert 0 <= delay_seconds <= 900
        message = queued(sent)
        self.sent.append(message)
        self.waiting.append((self.clock() + delay_seconds, message))

    def play(self, most: int = 3_000) -> "World":
        while self.waiting:
            assert self.invocations < most, "goes on for ever"
            self.waiting.sort(key=lambda each: each[0])
            at, message = self.waiting.pop(0)
            self.clock.now = max(self.clock.now, at)
            self.deliver(message)
        return self

    def deliver(self, message: Message) -> int:
        """One invocation; a crash brings the message back after its visibility timeout."""
        self.invocations += 1
        self._depth += 1
        outer, self._current = self._current, message
        try:
            return self._copy()(_asked(message), self._remaining())
        except Crash:
            self.crashed += 1
            self.waiting.append((self.clock() + 900, message))
            return 0
        finally:
            self._depth -= 1
            self._current = outer

    def _remaining(self) -> Callable[[], float]:
        end = self.clock() + self.invocation_seconds
        return lambda: end - self.clock()

    def _around(self, call: Callable[[], Any]) -> Any:
        self.clock.advance(self.rng.random() * 0.4)
        if self.twins and self._depth == 1 and self.rng.random() < self.twins:
            self.repeated += 1
            self.deliver(self._current)
        chance = self.rng.random()
        if chance < self.crashes / 2:
            raise Crash
        answer = call()
        if chance < self.crashes:
            raise Crash
        return answer

    def _copy(self) -> Copy:
        source = self.source or CloudWatchLogs(lambda region: as_client(self.logs))
        reading = Reading(
            Wrapped(source, self._around),
            self.turns,
            self.clock.sleep,
            self.rng.random,
            self.clock,
        )
        copies = Wrapped(self.copies, self._around)
        return Copy(
            runs=self.runs,
            copy_stream=CopyStream(
                copies, reading, self.settle_seconds, self.clock, self.slice_pages
            ),
            objects=Wrapped(S3Objects(lambda: as_client(self.s3)), self._around),
            streams=Wrapped(CloudWatchStreams(lambda: as_client(self.cloudwatch)), self._around),
            jobs=self.jobs,
            queue=Wrapped(self, self._around),
            region=REGION,
            log_prefix="airflow/",
            clock=self.clock,
            part_bytes=self.part_bytes,
        )


def _asked(message: Message) -> CopyMessage:
    """The runs of these tests have shorter ids than a message may name."""
    return replace(decode(CopyMessage, message | {"run_id": "r" * 20}), run_id=message["run_id"])
