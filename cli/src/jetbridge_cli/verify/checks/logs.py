"""Checks a container's output: its result, its last lines, and its log beside Airflow's."""

import json
import time
from collections.abc import Iterator
from typing import Any

from jetbridge.contract import S3LogTarget
from jetbridge_cli.verify.bench import Bench, CheckFailed, expect, expect_end
from jetbridge_cli.verify.checks.check import Check
from jetbridge_cli.verify.clock import epoch

_LINES = 1_000
_SEEN_LIVE = 10
_COUNTS = "i=0; while [ $i -lt {lines} ]; do echo line $i; i=$((i+1)); done"
_COUNTS_SLOWLY = (
    'trap "exit 143" TERM; i=0; '
    "while [ $i -lt 240 ]; do echo line $i; i=$((i+1)); sleep 1 & wait; done"
)


def result(bench: Bench) -> None:
    reported = {"rows": 500, "day": "2026-11-23"}
    script = f"echo begin; echo '::jetbridge:result:: {json.dumps(reported)}'; echo end"
    for backend, fields in (
        ("ecs", {"run_task": bench.quickstart.task(script)}),
        ("batch", {"submit_job": bench.quickstart.job(script)}),
    ):
        outcome = bench.outcome(bench.start(f"result {backend}", **fields))
        expect_end(outcome, "succeeded", "completed")
        expect(f"the result on {backend}", outcome.result, reported)


def last_lines(bench: Bench) -> None:
    task = bench.quickstart.task(_COUNTS.format(lines=30))
    outcome = bench.outcome(bench.start("last_lines", run_task=task, tail_lines=5))
    expect_end(outcome, "succeeded", "completed")
    expect("the last lines", outcome.last_lines, [f"line {number}" for number in range(25, 30)])


def log_copy(bench: Bench) -> None:
    log = _Log(bench, "log_copy")
    task = bench.quickstart.task(_COUNTS.format(lines=_LINES))
    outcome = bench.outcome(bench.start("log_copy", run_task=task, log_target=log.target))
    expect_end(outcome, "succeeded", "completed")
    bench.patience.until(log.is_whole, "the copy of the log")
    copied = time.time()
    lines = [line["event"] for line in log.lines()]
    bench.note(lines=len(lines), copied_after_seconds=round(copied - outcome.finished_at, 1))
    if lines != [f"line {number}" for number in range(_LINES)]:
        raise CheckFailed(
            f"the copy has {len(lines)} lines, {len(set(lines))} different ones, from {lines[:1]} "
            f"to {lines[-1:]}, and not line 0 to line {_LINES - 1}, each once and in order"
        )


def live_lines(bench: Bench) -> None:
    log = _Log(bench, "live_lines")
    task = bench.quickstart.task(_COUNTS_SLOWLY)
    run_id = bench.start("live_lines", run_task=task, log_target=log.target)
    seen: dict[str, float] = {}

    def enough() -> bool:
        if bench.jetbridge.sealed(run_id) is not None:
            raise CheckFailed(f"the container had ended when {len(seen)} lines had been seen live")
        for line in log.lines():
            seen.setdefault(line["event"], time.time() - epoch(line["timestamp"]))
        return len(seen) >= _SEEN_LIVE

    try:
        bench.patience.until(enough, f"{_SEEN_LIVE} lines while the container runs")
    finally:
        bench.note(lines_seen_live=len(seen), line_to_shown_seconds=sorted(seen.values()))
    bench.jetbridge.stop(run_id, "jetbridge verify has seen enough")
    bench.outcome(run_id)
    bench.patience.until(log.is_whole, "the copy in the place of the live lines")
    missing = set(seen) - {line["event"] for line in log.lines()}
    if missing:
        raise CheckFailed(f"the copy lacks lines that were seen live: {sorted(missing)[:3]}")


class _Log:
    """A try's log in the bucket, at the place where Airflow would read it."""

    def __init__(self, bench: Bench, name: str) -> None:
        self._s3 = bench.aws.s3
        self._bucket = bench.quickstart.bucket
        self._prefix = f"airflow/dag_id=verify/run_id=r/task_id={name}/attempt=1.log"
        self.target = S3LogTarget(bucket=self._bucket, key_prefix=self._prefix)

    def is_whole(self) -> bool:
        """Whether the complete copy has replaced the live log."""
        kinds = {".jetbridge.live." in key for key in self._keys()}
        return kinds == {False}

    def lines(self) -> list[dict[str, Any]]:
        return list(self._lines())

    def _keys(self) -> list[str]:
        answer = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix)
        return [each["Key"] for each in answer.get("Contents", [])]

    def _lines(self) -> Iterator[dict[str, Any]]:
        for key in self._keys():
            try:
                body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except self._s3.exceptions.NoSuchKey:
                # A piece of the live log that the copy has replaced meanwhile.
                continue
            for line in body.splitlines():
                yield json.loads(line)


CHECKS = [
    Check(
        "result",
        "what a container reports by the result marker is in the outcome, on ECS and on Batch",
        ("finish_run: sealed once, last lines, result",),
        result,
        containers=2,
    ),
    Check(
        "last_lines",
        "the last lines of a log are in the outcome, in order",
        ("finish_run: sealed once, last lines, result",),
        last_lines,
    ),
    Check(
        "log_copy",
        f"each of {_LINES} lines is copied to S3, once and in order",
        ("copy_logs to S3", "IAM policies"),
        log_copy,
    ),
    Check(
        "live_lines",
        "lines are in S3 while their container runs, and the complete copy takes their place",
        ("relay_logs", "IAM policies"),
        live_lines,
        container_seconds=400,
    ),
]
