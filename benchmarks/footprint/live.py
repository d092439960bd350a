"""What relay_logs needs: a log group that the stack relays, and a container that prints to it."""

import base64
import gzip
import json
import time
from typing import Any
from uuid import uuid4

from benchmarks.footprint.samples import Event
from jetbridge_local.site.stack import Stack

GROUP = "/jetbridge/footprint"
DEFINITION = "jetbridge-example-footprint"
_EXAMPLE = "jetbridge-example-report"
_PREFIX = "footprint"
_CONTAINER = "report"


def make_group(stack: Stack) -> dict[str, str]:
    """Make the log group; returns the parameter that turns its live logs on."""
    stack.client("logs").create_log_group(logGroupName=GROUP)
    return {"LiveLogGroupNames": GROUP}


def define_task(stack: Stack) -> None:
    """Register the example's task again, with the group for its lines."""
    ecs = stack.client("ecs")
    example = ecs.describe_task_definition(taskDefinition=_EXAMPLE)["taskDefinition"]
    (container,) = example["containerDefinitions"]
    options = container["logConfiguration"]["options"]
    options |= {"awslogs-group": GROUP, "awslogs-stream-prefix": _PREFIX}
    kept = ("requiresCompatibilities", "networkMode", "cpu", "memory", "executionRoleArn")
    asked: dict[str, Any] = {name: example[name] for name in kept}
    ecs.register_task_definition(**asked, family=DEFINITION, containerDefinitions=[container])


def delivery(task: str, text: str) -> Event:
    """A line of a task's stream, as a subscription of CloudWatch Logs delivers it (CloudWatch Logs
    user guide, "Subscription filters with AWS Lambda")."""
    content = {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": GROUP,
        "logStream": f"{_PREFIX}/{_CONTAINER}/{task}",
        "subscriptionFilters": ["footprint"],
        "logEvents": [
            {"id": str(uuid4().int), "timestamp": int(time.time() * 1000), "message": text}
        ],
    }
    return {
        "awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(content).encode())).decode()}
    }
