"""Many starts at once: every run is launched once, whatever ECS lets through."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from deployed import Deployed

from jetbridge_local.flood import send
from jetbridge_local.flood.figures import Flood
from jetbridge_local.flood.launches import throttled_calls
from jetbridge_local.flood.starts import Starts

RATE = "JETBRIDGE_ECS_LAUNCHES_PER_SECOND"
IN_FLIGHT = 4
PACED = 40
MESSAGES_IN_FLIGHT = 40
"""launch_run's 20 functions hold two messages each (docs/reference/operations.md), so this many may
be ahead of another caller's. How long they take depends on the machine."""


def test_a_flood_is_launched_at_the_rate_that_ecs_takes(deployed: Deployed) -> None:
    """Below the limit, as an account that launches other tasks as well: a machine that is busy for
    a moment lets turns pass, and launches what had them at once."""
    per_second = deployed.cloud.settings.limits.run_task_per_second / 2
    with launching(deployed, per_second):
        flood = send(deployed, Starts(deployed), new("paced"), PACED, per_second, IN_FLIGHT, print)
    expect_each_launched_once(flood)
    assert throttled_calls(deployed, min(start.sent for start in flood.starts)) <= PACED / 8
    # A second's launches more: those that were handed out as the other's came. On a slow machine
    # fewer wait; `make bench ONLY=flood` has a thousand.
    assert flood.launched_before_the_other <= MESSAGES_IN_FLIGHT + per_second
    assert flood.seconds < 3 * flood.ideal_seconds
    for start in (flood.starts[0], flood.starts[-1], flood.other):
        assert deployed.outcome(start.run_id)["state"] == "succeeded"


def test_a_flood_that_ecs_throttles_loses_nothing(deployed: Deployed) -> None:
    per_second = deployed.cloud.settings.limits.run_task_per_second
    with launching(deployed, 1_000):
        flood = send(deployed, Starts(deployed), new("unpaced"), 64, per_second, IN_FLIGHT, print)
    expect_each_launched_once(flood)
    assert throttled_calls(deployed, min(start.sent for start in flood.starts)) > 0
    for start in flood.starts:
        assert deployed.outcome(start.run_id)["state"] == "succeeded"


def new(dag: str) -> str:
    """A DAG that no earlier try has started."""
    return f"{dag}-{uuid.uuid4()}"


def expect_each_launched_once(flood: Flood) -> None:
    assert (flood.launched, flood.launched_twice, flood.lost) == (len(flood.starts), 0, 0)


@contextmanager
def launching(stack: Deployed, per_second: float) -> Iterator[None]:
    """As if the stack had been deployed with this EcsLaunchesPerSecond."""
    functions = stack.client("lambda")
    name = stack.functions["launch_run"]
    environment = functions.get_function_configuration(FunctionName=name)["Environment"]
    changed = {"Variables": environment["Variables"] | {RATE: str(per_second)}}
    functions.update_function_configuration(FunctionName=name, Environment=changed)
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment=environment)
