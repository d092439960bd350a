"""Tasks and jobs of others: AWS's sample records, under names that aren't this stack's."""

from typing import Any

from jetbridge.outcomes.port import Outcomes
from jetbridge.watching.foreign import LookAtForeign
from jetbridge_testing.backends import FakeBatch, FakeEcs
from jetbridge_testing.clock import Clock
from jetbridge_testing.samples import STACK_KEY, event

CLUSTER = "arn:aws:ecs:eu-central-1:123456789012:cluster/reports"
QUEUE = "arn:aws:batch:eu-central-1:123456789012:job-queue/loads"


def foreign(name: str, **detail: Any) -> dict[str, Any]:
    """A sample event, of a task or job with another name; ``detail`` replaces fields."""
    found = event(name)
    named = {"startedBy": "ann"} if "taskArn" in found["detail"] else {"jobName": "load"}
    found["detail"] |= named | detail
    return found


def looking(
    outcomes: Outcomes,
    *events: dict[str, Any],
    clusters: tuple[str, ...] = (CLUSTER,),
    queues: tuple[str, ...] = (QUEUE,),
) -> LookAtForeign:
    """The look at tasks and jobs of others, where AWS knows those of the events."""
    ecs, batch = FakeEcs(Clock()), FakeBatch(Clock())
    for each in events:
        detail = each["detail"]
        if "taskArn" in detail:
            for name in (detail["taskArn"], detail["taskArn"].rsplit("/", 1)[-1]):
                ecs.records[name] = detail
        else:
            batch.records[detail["jobId"]] = detail
    return LookAtForeign({"ecs": ecs, "batch": batch}, outcomes, STACK_KEY, clusters, queues)
