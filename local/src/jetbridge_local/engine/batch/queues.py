"""Job queues."""

from collections.abc import Callable
from typing import Any

from ..paging import page
from .arns import Arns, check_name
from .environments import ComputeEnvironments
from .errors import client_error

_MOST_ENVIRONMENTS = 3
_KEPT = ("state", "priority", "schedulingPolicyArn", "jobStateTimeLimitActions")


class JobQueues:
    """All job queues. Not thread-safe: the engine holds the lock. ``changed`` is called after each
    change."""

    def __init__(
        self, arns: Arns, environments: ComputeEnvironments, changed: Callable[[], None]
    ) -> None:
        self._arns = arns
        self._environments = environments
        self._changed = changed
        self._queues: dict[str, dict[str, Any]] = {}

    def create(self, parameters: dict[str, Any]) -> dict[str, Any]:
        name = parameters["jobQueueName"]
        check_name(name, "Job queue name")
        if name in self._queues:
            raise client_error("Object already exists")
        if "serviceEnvironmentOrder" in parameters:
            raise client_error("The local AWS Batch has no service environments.")
        arn = self._arns.queue(name)
        self._queues[name] = {
            "jobQueueName": name,
            "jobQueueArn": arn,
            "state": "ENABLED",
            "status": "VALID",
            "statusReason": "JobQueue Healthy",
            "computeEnvironmentOrder": self._order(parameters),
            "tags": parameters.get("tags", {}),
        } | {name: parameters[name] for name in _KEPT if name in parameters}
        return {"jobQueueName": name, "jobQueueArn": arn}

    def update(self, parameters: dict[str, Any]) -> dict[str, Any]:
        queue = self.require(parameters["jobQueue"])
        if "computeEnvironmentOrder" in parameters:
            queue["computeEnvironmentOrder"] = self._order(parameters)
        queue |= {name: parameters[name] for name in _KEPT if name in parameters}
        self._changed()
        return {"jobQueueName": queue["jobQueueName"], "jobQueueArn": queue["jobQueueArn"]}

    def describe(self, parameters: dict[str, Any]) -> dict[str, Any]:
        wanted = parameters.get("jobQueues", [])
        items = (
            [q for name in wanted if (q := self.find(name))]
            if wanted
            else list(self._queues.values())
        )
        items.sort(key=_arn)
        found, more = page(items, _arn, parameters, "ClientException")
        return {"jobQueues": found, **more}

    def delete(self, name_or_arn: str) -> str | None:
        """Delete a queue. Returns its ARN, or None if it didn't exist. Raises AwsError."""
        queue = self.find(name_or_arn)
        if queue is None:
            return None
        if queue["state"] != "DISABLED":
            raise client_error("Cannot delete, found existing ENABLED JobQueue")
        del self._queues[queue["jobQueueName"]]
        return str(queue["jobQueueArn"])

    def find(self, name_or_arn: str) -> dict[str, Any] | None:
        queue = self._queues.get(name_or_arn.rsplit("/", 1)[-1])
        if queue and name_or_arn in (queue["jobQueueName"], queue["jobQueueArn"]):
            return queue
        return None

    def require(self, name_or_arn: str) -> dict[str, Any]:
        """The queue. Raises AwsError if it doesn't exist."""
        queue = self.find(name_or_arn)
        if queue is None:
            raise client_error(f"JobQueue {name_or_arn} not found.")
        return queue

    def uses(self, environment_arn: str) -> bool:
        """Whether a queue sends jobs to this compute environment."""
        return any(
            entry["computeEnvironment"] == environment_arn
            for queue in self._queues.values()
            for entry in queue["computeEnvironmentOrder"]
        )

    def environments(self, queue_arn: str) -> list[dict[str, Any]]:
        """The compute environments that a queue's jobs can use now, in the queue's order."""
        queue = self.find(queue_arn)
        if queue is None:
            return []
        order = sorted(queue["computeEnvironmentOrder"], key=lambda entry: int(entry["order"]))
        found = (self._environments.find(entry["computeEnvironment"]) for entry in order)
        return [e for e in found if e and e["state"] == "ENABLED" and e["status"] == "VALID"]

    def priority(self, queue_arn: str) -> int:
        queue = self.find(queue_arn)
        return int(queue["priority"]) if queue else 0

    def _order(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """The order with ARNs, as AWS returns it."""
        order = parameters.get("computeEnvironmentOrder", [])
        if not 1 <= len(order) <= _MOST_ENVIRONMENTS:
            raise client_error(
                f"computeEnvironmentOrder must have 1 to {_MOST_ENVIRONMENTS} environments, "
                f"not {len(order)}."
            )
        return [
            {
                "order": entry["order"],
                "computeEnvironment": self._environments.require(entry["computeEnvironment"])[
                    "computeEnvironmentArn"
                ],
            }
            for entry in order
        ]


def _arn(queue: dict[str, Any]) -> str:
    return str(queue["jobQueueArn"])
