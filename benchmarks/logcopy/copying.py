"""One copy: messages to the function until there are none, then every line read back."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from benchmarks.errors import BenchmarkFailed
from benchmarks.footprint.processes import FunctionProcesses, answer_of
from benchmarks.footprint.samples import sample, sqs_event
from benchmarks.logcopy.lines import BYTES_PER_ROUND, LINES_PER_ROUND, lines_in, message
from benchmarks.logcopy.source import Source
from jetbridge_local.functions import FunctionSpec
from jetbridge_local.site.progress import Say
from jetbridge_local.site.stack import Stack

_MB = 1_000_000
_CHUNK_BYTES = 4 * 1024 * 1024
_MOST_INVOCATIONS = 500
_EVENTS = Path(__file__).parents[2] / "events"


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What a copy took: ``mb`` of text, memory in MB of 2^20 bytes as Lambda counts it."""

    mb: float
    lines: int
    lines_lost: int
    seconds: float
    cpu_seconds: float
    first_rss_mb: float
    peak_rss_mb: float
    shown_mb: float
    invocations: int
    reads: int


class Copying:
    """Gives a function its messages directly; the stack's triggers are removed."""

    def __init__(
        self,
        stack: Stack,
        processes: FunctionProcesses,
        spec: FunctionSpec,
        bucket: str,
        prefix: str,
    ) -> None:
        self._stack = stack
        self._processes = processes
        self._spec = spec
        self._bucket = bucket
        self._prefix = prefix
        self._envelope = sample(_EVENTS, "copy_logs/message")

    def copy(self, source: Source, megabytes: int, say: Say) -> Copied:
        """Copy a log of this size in a process of its own. Raises BenchmarkFailed."""
        lines = lines_in(megabytes)
        key = f"{self._prefix}dag_id=logcopy/run_id={megabytes}/task_id=t/attempt=1.log"
        waiting: list[Any] = [{"run_id": uuid4().hex[:20], "part": _part(self._bucket, key, lines)}]
        reads, invocations = source.calls(), 0
        with self._processes.started(self._spec) as environment:
            environment.wait_ready()
            process = psutil.Process(environment.pid)
            first, begun = _memory(environment.pid, "VmRSS"), time.monotonic()
            while waiting:
                for body in waiting:
                    answer = answer_of(environment, sqs_event(self._envelope, body))
                    invocations += 1
                    if answer["batchItemFailures"] or invocations > _MOST_INVOCATIONS:
                        said = [line.message for line in environment.take_lines()[-20:]]
                        raise BenchmarkFailed("\n".join([f"copy_logs: {answer}", *said]))
                waiting = self._messages()
                say(f"{invocations} invocations")
            seconds = time.monotonic() - begun
            spent = process.cpu_times()
            peak = _memory(environment.pid, "VmHWM")
        shown, numbers = self._objects(key)
        say("reading it back")
        return Copied(
            mb=lines * BYTES_PER_ROUND / LINES_PER_ROUND / _MB,
            lines=lines,
            lines_lost=_lost(numbers, lines),
            seconds=seconds,
            cpu_seconds=spent.user + spent.system,
            first_rss_mb=first,
            peak_rss_mb=peak,
            shown_mb=shown / _MB,
            invocations=invocations,
            reads=source.calls() - reads,
        )

    def _messages(self) -> list[Any]:
        sqs, url = self._stack.client("sqs"), self._stack.resources["LogsQueue"][1]
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for each in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in answer.get("Messages", [])]

    def _objects(self, key: str) -> tuple[int, Iterator[bytes]]:
        """Bytes of what Airflow shows, and the lines of the object that has all of them."""
        s3 = self._stack.client("s3")
        found = {
            each["Key"]: each["Size"]
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
            for each in page.get("Contents", [])
            if key.removeprefix(self._prefix) in each["Key"]
        }
        shown = {name: size for name, size in found.items() if name.startswith(key)}
        whole = [name for name in found if name not in shown] or list(shown)
        if len(shown) != 1 or len(whole) != 1:
            raise BenchmarkFailed(f"expected one object and the whole log, found {list(found)}")
        body = s3.get_object(Bucket=self._bucket, Key=whole[0])["Body"]
        return sum(shown.values()), _lines(body.iter_chunks(_CHUNK_BYTES))


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _lost(written: Iterator[bytes], lines: int) -> int:
    """How many lines aren't in their place; more lines than there were count, too."""
    lost = count = 0
    for count, line in enumerate(written, 1):
        lost += not line.endswith(f'"event":"{message(count - 1)}"}}'.encode())
    return lost + abs(lines - count)


def _part(bucket: str, key: str, lines: int) -> dict[str, Any]:
    return {
        "target": {"kind": "s3", "bucket": bucket, "key_prefix": key},
        "stream": {
            "container": "main",
            "group": "/benchmark",
            "stream": str(lines),
            "region": "us-east-1",
        },
        "name": "jetbridge.1.main.1.log",
        "logger": "container.main",
        "stopped_at": 1,
    }


def _memory(pid: int, name: str) -> float:
    """MB of a line of the kernel's status of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise BenchmarkFailed(f"/proc/{pid}/status has no {name}")
