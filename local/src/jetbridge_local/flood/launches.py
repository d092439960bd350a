"""What ECS launched, as ECS itself and the record of its calls have it."""

import itertools
import time
from collections import defaultdict
from collections.abc import Callable

from jetbridge_local.flood.errors import FloodFailed
from jetbridge_local.flood.starts import CLUSTER, FAMILY
from jetbridge_local.site.stack import Stack

_DESCRIBED_AT_ONCE = 100
_LOOK_SECONDS = 1.0


def wait_launched(stack: Stack, seconds: float, say: Callable[[str], None]) -> None:
    """Wait until the launch queue is empty. Raises FloodFailed after ``seconds``."""
    deadline = time.monotonic() + seconds
    while waiting := stack.waiting("LaunchQueue"):
        if time.monotonic() > deadline:
            raise FloodFailed(
                f"{waiting} launches are still waiting after {seconds:.0f} s; see the functions'"
                f" logs on {stack.cloud.url}"
            )
        say(f"{waiting} waiting")
        time.sleep(_LOOK_SECONDS)


def launch_times(stack: Stack) -> dict[str, list[float]]:
    """When ECS created each run's tasks, in seconds since the epoch, by run id."""
    ecs = stack.client("ecs")
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for page in ecs.get_paginator("list_tasks").paginate(
            cluster=CLUSTER, family=FAMILY, desiredStatus=status
        )
        for arn in page["taskArns"]
    ]
    times: dict[str, list[float]] = defaultdict(list)
    for some in itertools.batched(dict.fromkeys(arns), _DESCRIBED_AT_ONCE, strict=False):
        for task in ecs.describe_tasks(cluster=CLUSTER, tasks=some)["tasks"]:
            times[_run_of(task["startedBy"])].append(task["createdAt"].timestamp())
    return dict(times)


def throttled_calls(stack: Stack, since: float) -> int:
    """How many calls of RunTask ECS refused."""
    return sum(
        call["operation"] == "RunTask" and call["status"] >= 400
        for call in stack.cloud.calls(since)
    )


def _run_of(started_by: str) -> str:
    """The run id in ``jb-<stack key>-<run id>-<launch>``."""
    return started_by.split("-", 2)[2].rpartition("-")[0]
