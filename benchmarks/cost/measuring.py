"""Runs one after the other through the deployed stack, and what each has used."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.cost.kinds import Kind
from benchmarks.cost.site import BUCKET, CLUSTER
from benchmarks.cost.usage import Usage
from benchmarks.cpu import FunctionCpu
from benchmarks.errors import BenchmarkFailed
from jetbridge_local.site.stack import Stack

_PATIENCE_SECONDS = 120
_LOOK_SECONDS = 0.1
# After this long without any activity, nothing more is expected of a run.
_QUIET_SECONDS = 1.5
_QUEUES = (
    "LaunchQueue",
    "StateChangeQueue",
    "FinishQueue",
    "LogsQueue",
    "StopQueue",
    "NotifyQueue",
)
# Works for all runs together: benchmarks.cost.idle has it.
SWEEPER = "sweep_runs"
_INTERRUPTION = Path("events") / "state_changes" / "ecs_spot_interruption.json"


class Measuring:
    """``run`` returns what one run has used, from its request to the copy of its log."""

    def __init__(self, stack: Stack, root: Path) -> None:
        self._stack = stack
        self._names = {name: function for function, name in stack.functions.items()}
        self._fed = _fed(stack)
        self._cpu = FunctionCpu(stack, [name for name in stack.functions if name != SWEEPER])
        self._sample: dict[str, Any] = json.loads((root / _INTERRUPTION).read_text())
        self._rule = stack.resources["TaskStateChangeRule"][1].rsplit("/", 1)[-1]

    def run(self, kind: Kind) -> Usage:
        """Raises BenchmarkFailed if the run doesn't succeed, or its log isn't copied whole."""
        request = kind.request()
        self._wait(self._quiet, f"{kind.name}: quiet queues")
        cpu = self._cpu.seconds()
        began = time.time()
        run_id = self._start(request)
        if kind.interrupted:
            self._interrupt(run_id)
        outcome = self._wait(lambda: self._outcome(run_id), f"{kind.name}: outcome")
        if outcome["state"] != "succeeded" or outcome.get("launches", 1) != 1 + kind.interrupted:
            raise BenchmarkFailed(f"{kind.name}: {outcome}")
        prefix = request["log_target"]["key_prefix"]
        self._wait(lambda: self._copied(prefix, kind.lines), f"{kind.name}: copy of the log")
        self._wait(self._quiet, f"{kind.name}: quiet queues")
        cpu_ms = (self._cpu.seconds() - cpu) * 1000
        return self.used_since(began, cpu_ms)

    def used_since(
        self, began: float, cpu_ms: float = 0.0, functions: frozenset[str] | None = None
    ) -> Usage:
        """What the functions, by default all but the sweeper, have used since a time."""
        names = {
            name: function
            for name, function in self._names.items()
            if (function != SWEEPER if functions is None else function in functions)
        }
        calls = [
            {**call, "caller": names[call["caller"]]}
            for call in self._stack.cloud.calls(began)
            if call["caller"] in names
        ]
        logs = {function: list(self._log(name, began)) for name, function in names.items()}
        return Usage.of(calls, logs, self._fed, cpu_ms)

    def _start(self, request: dict[str, Any]) -> str:
        answer = self._stack.client("lambda").invoke(
            FunctionName=self._stack.functions["start_run"], Payload=json.dumps(request)
        )
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer or payload["duplicate"]:
            raise BenchmarkFailed(f"start: {payload}")
        return str(payload["run_id"])

    def _interrupt(self, run_id: str) -> None:
        """Interrupt the running task as Fargate Spot does: the task ends, and the only event about
        it is the recorded one with this task's names."""
        self._wait(lambda: "started_at" in (self._told(run_id, "launched") or {}), "RUNNING")
        row = self._row(run_id)
        task = row["backend_id"]["S"]
        ecs, events = self._stack.client("ecs"), self._stack.client("events")
        events.disable_rule(Name=self._rule)
        ecs.stop_task(cluster=CLUSTER, task=task, reason="interrupted")
        self._wait(lambda: self._status(task) == "STOPPED", "the task's stop")
        time.sleep(_QUIET_SECONDS)  # its event is dropped now
        events.enable_rule(Name=self._rule)
        [described] = ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"]
        detail = self._sample["detail"] | {
            "taskArn": task,
            "startedBy": described["startedBy"],
            "clusterArn": described["clusterArn"],
            "taskDefinitionArn": described["taskDefinitionArn"],
            "version": described["version"],
        }
        self._stack.client("sqs").send_message(
            QueueUrl=self._stack.resources["StateChangeQueue"][1],
            MessageBody=json.dumps(self._sample | {"detail": detail}),
        )

    def _status(self, task: str) -> str:
        [found] = self._stack.client("ecs").describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"]
        return str(found["lastStatus"])

    def _row(self, run_id: str) -> dict[str, Any]:
        return self._item("RunsTable", run_id)

    def _outcome(self, run_id: str) -> dict[str, Any] | None:
        """The outcome, when the run has also ended for Jetbridge."""
        if "finished" not in self._row(run_id):
            return None
        return self._told(run_id, "outcome")

    def _told(self, run_id: str, what: str) -> dict[str, Any] | None:
        item = self._item("OutcomesTable", run_id)
        return json.loads(item[what]["S"]) if what in item else None

    def _item(self, table: str, run_id: str) -> dict[str, Any]:
        answer = self._stack.client("dynamodb").get_item(
            TableName=self._stack.resources[table][1],
            Key={"run_id": {"S": run_id}},
            ConsistentRead=True,
        )
        item: dict[str, Any] = answer.get("Item", {})
        return item

    def _copied(self, prefix: str, lines: int) -> bool:
        s3 = self._stack.client("s3")
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        keys = [each["Key"] for each in listed]
        if any(".jetbridge.live." in key for key in keys):
            return False
        found = [
            line
            for key in keys
            for line in s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().splitlines()
        ]
        return sum(b'"line ' in line for line in found) >= lines

    def _quiet(self) -> bool:
        """Whether the queues have stayed empty for a while."""
        until = time.monotonic() + _QUIET_SECONDS
        while time.monotonic() < until:
            if any(self._stack.waiting(queue) for queue in _QUEUES):
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def _log(self, name: str, began: float) -> Iterator[str]:
        pages = self._stack.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{name}"
        for page in pages.paginate(logGroupName=group, startTime=int(began * 1000)):
            for event in page["events"]:
                yield event["message"]

    @staticmethod
    def _wait(look: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(_LOOK_SECONDS)
        raise BenchmarkFailed(f"{what} didn't come within {_PATIENCE_SECONDS} s")


def _fed(stack: Stack) -> frozenset[str]:
    """The functions that a queue feeds."""
    pages = stack.client("lambda").get_paginator("list_event_source_mappings").paginate()
    names = {
        mapping["FunctionArn"].split(":function:")[-1].split(":")[0]
        for page in pages
        for mapping in page["EventSourceMappings"]
    }
    return frozenset(function for function, name in stack.functions.items() if name in names)
