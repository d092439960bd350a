"""Copies of logs as chains of messages: past Lambda's guard against loops, and bounded."""

import io
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.copying import World
from jetbridge_testing.logs import client_error
from jetbridge_testing.loops import INVOCATIONS, Chains, guarded, may_loop
from jetbridge_testing.stand_ins import as_client

from jetbridge.contract import (
    CloudWatchLogTarget,
    LogStream,
    LogTarget,
    S3LogTarget,
    to_builtins,
)
from jetbridge.contract.lines import Line
from jetbridge.logs import copy_stream, copy_to_cloudwatch, copy_to_s3
from jetbridge.logs.airflow_lines import airflow_line
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.port import Busy, Page
from jetbridge.logs.position import Position
from jetbridge.queues.copies import LogPart
from jetbridge.queues.patience import PATIENCE_SECONDS

DAY = 24 * 3600
COPY = "CopyLogsFunction"
Allowed = Callable[[str], bool]

STREAM = LogStream(container="main", group="/ecs/report", stream="s", region="eu-central-1")
TARGET = S3LogTarget(bucket="airflow-logs", key_prefix="airflow/dag_id=d/attempt=1.log")
MESSAGE = "x" * 99
PAGE_LINES = 10_000


class LongLog:
    """A stream of short lines: pages of 10,000, which are as many as GetLogEvents gives."""

    def __init__(self, pages: int, page_lines: int = PAGE_LINES) -> None:
        self.pages = pages
        self.lines = [Line(1_772_000_000_000 + n, MESSAGE) for n in range(page_lines)]
        self.reads = 0
        self.most_memory = 0

    def tail(self, stream: LogStream, limit: int) -> list[Line]:
        raise NotImplementedError

    def page(self, stream: LogStream, position: Position) -> Page:
        self.reads += 1
        self.most_memory = max(self.most_memory, psutil.Process().memory_info().rss)
        number = int(position.token or 0)
        if number == self.pages:
            return Page([], str(number), 0)
        return Page(self.lines, str(number + 1), self.lines[-1].timestamp)


class EmptyS3:
    """A bucket that counts what it gets, and keeps only the ends of it."""

    def __init__(self, vanishing: bool = False) -> None:
        self.vanishing = vanishing
        self.begun = 0
        self.sizes: list[int] = []
        self.part = b""
        self.objects: dict[str, bytes] = {}

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_: Any) -> None:
        self.objects[Key] = Body

    def create_multipart_upload(self, **named: Any) -> dict[str, Any]:
        self.begun += 1
        self.sizes.clear()
        return {"UploadId": "u"}

    def upload_part(self, PartNumber: int, Body: bytes, **named: Any) -> dict[str, Any]:
        if self.vanishing and PartNumber > 1:
            raise client_error("NoSuchUpload", "", 404)
        assert PartNumber == len(self.sizes) + 1
        self.sizes.append(len(Body))
        self.part = Body
        return {"ETag": f'"{PartNumber}"'}

    def complete_multipart_upload(self, MultipartUpload: Any, **named: Any) -> None:
        assert len(MultipartUpload["Parts"]) == len(self.sizes)

    def head_object(self, **named: Any) -> dict[str, Any]:
        raise client_error("404", "Not Found", 404)

    def abort_multipart_upload(self, **named: Any) -> None:
        raise client_error("NoSuchUpload", "", 404)

    def get_object(self, Range: str, **named: Any) -> dict[str, Any]:
        start, end = map(int, Range.removeprefix("bytes=").split("-"))
        return {"Body": io.BytesIO(self.part[: end - start + 1])}


def _long_log(
    gigabytes: float, allowed: Allowed, target: LogTarget = TARGET
) -> tuple[World, Chains, LongLog, EmptyS3]:
    source = LongLog(round(gigabytes * 1e9 / (PAGE_LINES * (len(MESSAGE) + 1))))
    world, bucket = World(1, source=source), EmptyS3()
    chains = Chains(world.clock, allowed)
    world.s3 = as_client(bucket)
    link = chains.queue(COPY, world.deliver)
    vars(world)["send"] = link.send
    stopped_at = int(world.clock() * 1000) - DAY * 1000
    part = LogPart(
        target=target, stream=STREAM, name="n.log", logger="container.main", stopped_at=stopped_at
    )
    link.send({"run_id": "r", "part": to_builtins(part)})
    return world, chains, source, bucket


def _states(world: World) -> CopyState:
    [state] = world.copies.states.values()
    return state


# A push copies enough for a copy in memory to be over its bound, and for the guard to cut.
@pytest.mark.parametrize(
    "gigabytes",
    [0.15, *(pytest.param(each, marks=pytest.mark.nightly) for each in (0.5, 2.0))],
)
def test_log_of_gigabytes_in_short_lines(monkeypatch: pytest.MonkeyPatch, gigabytes: float) -> None:
    line = airflow_line(Line(1_772_000_000_000, MESSAGE), "container.main", 0)
    # Each line has the same form: it is made once, for the sake of twenty million in 2 GB.
    monkeypatch.setattr(copy_to_s3, "airflow_line", lambda *given: line)
    world, chains, source, bucket = _long_log(gigabytes, may_loop)
    before = psutil.Process().memory_info().rss
    chains.run()
    state = _states(world)
    assert (state.done, state.lines) == (True, source.pages * PAGE_LINES)
    assert source.pages * PAGE_LINES * len(MESSAGE) >= 0.99e9 * gigabytes
    assert sum(bucket.sizes) == state.lines * (len(line) + 1)
    assert source.most_memory - before < 100e6
    slices = source.pages / copy_stream.SLICE_PAGES
    assert 0.5 * slices < world.invocations <= slices + 2
    assert world.invocations == chains.sent == chains.longest[COPY]
    assert chains.sent > 2.5 * gigabytes * INVOCATIONS
    assert (chains.dropped, chains.dead) == ([], [])


# The control, as long as the test before: guards in general are cut in test_loops.
@pytest.mark.nightly
def test_the_guard_would_have_cut_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard counts invocations, so a page has a hundredth of its lines here, and each is a
    hundred times as long."""
    line = b"x" * 20_000
    monkeypatch.setattr(copy_to_s3, "airflow_line", lambda *given: line)
    world, chains, _, _ = _long_log(0.6, guarded)
    page_lines = PAGE_LINES // 100
    source = world.source = LongLog(600, page_lines)
    chains.run()
    assert not _states(world).done
    assert [function for function, _ in chains.dropped] == [COPY]
    assert 0 < _states(world).lines < source.pages * page_lines


class BusyLog(LongLog):
    """CloudWatch Logs throttles all reads until some time."""

    clock: Clock
    until: float

    def page(self, stream: LogStream, position: Position) -> Page:
        if self.clock() < self.until and self.reads >= 1:
            raise Busy("Rate exceeded")
        return super().page(stream, position)


def _busy_log(days: float) -> tuple[World, Chains]:
    world, chains, _, _ = _long_log(0.003, may_loop)
    source = BusyLog(3)
    source.clock, source.until = world.clock, world.clock() + days * DAY
    world.source = source
    return world, chains.run()


@pytest.mark.parametrize("days", [1, pytest.param(5, marks=pytest.mark.nightly)])
def test_log_that_cannot_be_read_for_days_is_copied_all_the_same(days: float) -> None:
    world, chains = _busy_log(days)
    whole = max(world.s3.objects.values(), key=len)
    assert len(whole.splitlines()) == 3 * PAGE_LINES
    assert chains.longest[COPY] > INVOCATIONS
    assert chains.dead == []


def test_log_that_cannot_be_read_for_a_week_says_so_and_has_a_dead_letter() -> None:
    world, chains = _busy_log(1_000)
    [(message, reason)] = chains.dead
    assert "could not continue reading for 7 days" in reason
    assert "Rate exceeded" in reason
    assert "stream s of the group /ecs/report" in reason
    assert world.clock() - message["since"] < PATIENCE_SECONDS + 15 * 60
    [shown] = world.s3.objects.values()
    assert b"lines are missing" in shown.splitlines()[-1]


def test_log_that_is_longer_than_s3_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_to_s3, "MOST_PARTS", 4)
    world, chains, _, bucket = _long_log(0.03, may_loop)
    chains.run()
    [(_, reason)] = chains.dead
    assert "too long" in reason
    assert _states(world).done
    assert len(bucket.sizes) == 4
    assert bucket.sizes[-1] < 1_000, "the last part is the line that says so"


def test_log_that_is_longer_than_is_copied_to_cloudwatch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_to_cloudwatch, "MOST_BYTES", 5_000_000)
    mwaa = CloudWatchLogTarget(group="airflow-mwaa-Task", stream="dag_id=d/attempt=1.log")
    world, chains, source, _ = _long_log(0.03, may_loop, mwaa)
    chains.run()
    [(_, reason)] = chains.dead
    assert "too long" in reason
    state = _states(world)
    assert state.done
    assert 0 < state.lines < source.pages * PAGE_LINES
    assert state.size >= 5_000_000


def test_upload_that_is_gone_each_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    line = airflow_line(Line(1_772_000_000_000, MESSAGE), "container.main", 0)
    monkeypatch.setattr(copy_to_s3, "airflow_line", lambda *given: line)
    world, chains, _, bucket = _long_log(0.03, may_loop)
    bucket.vanishing = True
    chains.run()
    [(_, reason)] = chains.dead
    assert "was deleted 5 times" in reason
    assert bucket.begun == copy_stream.RESTARTS
    assert _states(world).done
    [shown] = bucket.objects.values()
    assert b"lines are missing" in shown


def test_reads_that_get_nothing_to_the_target_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So slow that an invocation is over before there is a part for S3."""
    world, chains, source, bucket = _long_log(0.03, may_loop)
    page = source.page

    def slowly(stream: LogStream, position: Position) -> Page:
        world.clock.advance(110)
        return page(stream, position)

    monkeypatch.setattr(source, "page", slowly)
    chains.run()
    [(_, reason)] = chains.dead
    assert "in 10 invocations" in reason
    assert world.invocations == copy_stream.STALLS + 1
    [shown] = bucket.objects.values()
    assert b"lines are missing" in shown
