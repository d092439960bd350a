"""ECS's operations on tasks and definitions. The engine's lock is held in each of them."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ..config import EngineConfig
from ..errors import AwsError
from ..paging import page
from ..throttle import TokenBucket
from .arns import Arns, short_name
from .capacity import is_on_instances
from .cluster_operations import ClusterOperations
from .clusters import Clusters
from .definitions import TaskDefinitions
from .errors import client_error, ec2_throttled, invalid_parameter, rate_exceeded
from .instances import ContainerInstances, needed_by
from .launch import make_task
from .request_checks import check_request
from .tags import Tags
from .task import Task
from .tokens import ClientTokens

_MOST_DESCRIBED = 100
_TASK_ID_LENGTHS = (32, 36)
_NO_CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different "
    "availability zone"
)


class EcsOperations:
    """The operations. ``launched`` receives each task that an operation made, ``stopped`` each that
    it asked to stop."""

    def __init__(
        self,
        config: EngineConfig,
        launched: Callable[[Task], None],
        stopped: Callable[[Task], None],
    ) -> None:
        self._config = config
        self._limits = config.limits
        self._calls = TokenBucket(config.limits.run_task_per_second, config.limits.run_task_burst)
        self._launches = TokenBucket(config.limits.fargate_per_second, config.limits.fargate_burst)
        self._reads = TokenBucket(
            config.limits.cluster_read_per_second, config.limits.cluster_read_burst
        )
        self._launched = launched
        self._stopped = stopped
        self._arns = Arns(config.account, config.region)
        self._clusters = Clusters(self._arns)
        self._definitions = TaskDefinitions(self._arns)
        self._tasks: dict[str, Task] = {}
        self._ended: deque[Task] = deque()
        self._tokens = ClientTokens(
            config.client_token_retention_seconds, config.stopped_task_retention_seconds
        )
        self._instances = ContainerInstances(self._arns, self._tasks)
        self._of_clusters = ClusterOperations(self._clusters, self._instances, self._tasks)
        self._tags = Tags(self._clusters, self._definitions, self._tasks)

    def table(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        """The operations by name."""
        return {
            **self._of_clusters.table(),
            "RegisterContainerInstance": self._in_named_cluster(self._instances.register),
            "DescribeContainerInstances": self._in_named_cluster(self._instances.describe),
            "ListContainerInstances": self._in_named_cluster(self._instances.page),
            "DeregisterContainerInstance": self._in_named_cluster(self._instances.deregister),
            "RegisterTaskDefinition": self._register,
            "DescribeTaskDefinition": self._describe_definition,
            "DeregisterTaskDefinition": self._deregister,
            "ListTaskDefinitions": self._definitions.page,
            "ListTaskDefinitionFamilies": self._definitions.page_of_families,
            "RunTask": self._run_task,
            "StopTask": self._stop_task,
            "DescribeTasks": self._describe_tasks,
            "ListTasks": self._list_tasks,
            "TagResource": self._tags.tag,
            "UntagResource": self._tags.untag,
            "ListTagsForResource": self._tags.page,
        }

    def tasks(self) -> list[Task]:
        return list(self._tasks.values())

    def task_ended(self, task: Task) -> None:
        """Start the time after which a stopped task is forgotten."""
        self._ended.append(task)

    def forget_old(self) -> None:
        """Forget what AWS would forget: tokens, and tasks that stopped about an hour ago."""
        horizon = time.time() - self._config.stopped_task_retention_seconds
        if self._ended and self._ended[0].record["stoppedAt"] < horizon:
            self._tokens.forget_old()
        while self._ended and self._ended[0].record["stoppedAt"] < horizon:
            del self._tasks[self._ended.popleft().arn]

    def _register(self, parameters: dict[str, Any]) -> dict[str, Any]:
        definition = self._definitions.register(parameters)
        return {"taskDefinition": definition, "tags": parameters.get("tags", [])}

    def _describe_definition(self, parameters: dict[str, Any]) -> dict[str, Any]:
        definition = self._definitions.find(parameters["taskDefinition"])
        if definition is None:
            raise client_error("Unable to describe task definition.")
        with_tags = "TAGS" in parameters.get("include", [])
        tags = self._definitions.tags[definition["taskDefinitionArn"]] if with_tags else []
        return {"taskDefinition": definition, "tags": tags}

    def _deregister(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"taskDefinition": self._definitions.deregister(parameters["taskDefinition"])}

    def _run_task(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if not self._calls.take():
            raise self._throttled(parameters)
        cluster = self._clusters.require(parameters.get("cluster"))
        definition = self._definitions.find(parameters["taskDefinition"])
        if definition is None:
            raise client_error("TaskDefinition not found.")

        def run() -> tuple[dict[str, Any], list[Task]]:
            check_request(parameters, cluster, definition, self._instances.of(cluster))
            places, failures = self._places(parameters, cluster, definition)
            tags = self._definitions.tags[definition["taskDefinitionArn"]]
            tasks = [
                make_task(parameters, cluster, definition, tags, self._arns, instance)
                for instance in places
            ]
            for task in tasks:
                self._tasks[task.arn] = task
                self._launched(task)
            described = [task.describe(with_tags=True) for task in tasks]
            return {"tasks": described, "failures": failures}, tasks

        return self._tokens.once(cluster["clusterArn"], parameters, run)

    def _places(
        self, parameters: dict[str, Any], cluster: dict[str, Any], definition: dict[str, Any]
    ) -> tuple[Sequence[dict[str, Any] | None], list[dict[str, Any]]]:
        """The container instance of each task for which there is room (None on Fargate), and the
        failures."""
        count = parameters.get("count", 1)
        if is_on_instances(parameters, cluster):
            needed = needed_by(definition, parameters.get("overrides", {}))
            return self._instances.place(cluster, needed, count)
        room = self._capacity_for(count)
        if not self._launches.take(room):
            raise self._throttled(parameters)
        return [None] * room, [{"reason": _NO_CAPACITY}] * (count - room)

    def _throttled(self, parameters: dict[str, Any]) -> AwsError:
        disguised = self._limits.disguised_throttling
        return ec2_throttled(parameters) if disguised else rate_exceeded()

    def _capacity_for(self, count: int) -> int:
        limit = self._limits.fargate_capacity_tasks
        if limit is None:
            return count
        on_fargate = (t for t in self._tasks.values() if t.record["launchType"] == "FARGATE")
        living = sum(not task.is_stopped for task in on_fargate)
        return min(count, max(0, limit - living))

    def _stop_task(self, parameters: dict[str, Any]) -> dict[str, Any]:
        cluster = self._clusters.require(parameters.get("cluster"))
        task = self._find(cluster, parameters["task"])
        if task is None:
            raise invalid_parameter("The referenced task was not found.")
        if task.stop("UserInitiated", parameters.get("reason", "Task stopped by user")):
            self._stopped(task)
        return {"task": task.describe()}

    def _describe_tasks(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._read()
        cluster = self._clusters.require(parameters.get("cluster"))
        wanted = parameters["tasks"]
        if not wanted:
            raise invalid_parameter("Tasks cannot be empty.")
        if len(wanted) > _MOST_DESCRIBED:
            raise invalid_parameter(f"Tasks can have at most {_MOST_DESCRIBED} items.")
        tasks, failures = [], []
        for reference in wanted:
            if len(short_name(reference)) not in _TASK_ID_LENGTHS:
                raise invalid_parameter("taskId length should be one of [32,36]")
            if task := self._find(cluster, reference):
                tasks.append(task.describe("TAGS" in parameters.get("include", [])))
            else:
                arn = self._arns.task(cluster["clusterName"], short_name(reference))
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"tasks": tasks, "failures": failures}

    def _list_tasks(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._read()
        cluster = self._clusters.require(parameters.get("cluster"))
        filters = {"family", "serviceName", "containerInstance", "daemonName"} & parameters.keys()
        if "startedBy" in parameters and filters:
            raise invalid_parameter(
                f"Cannot filter on startedBy and {min(filters)} at the same time."
            )
        if "serviceName" in parameters:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        tasks = [task for task in self._of_clusters.tasks_of(cluster) if _matches(task, parameters)]
        if "containerInstance" in parameters:
            instance = self._instances.require(cluster, parameters["containerInstance"])
            arn = instance["containerInstanceArn"]
            tasks = [task for task in tasks if task.record.get("containerInstanceArn") == arn]
        found, more = page(
            tasks, lambda task: task.sequence, parameters, "InvalidParameterException"
        )
        return {"taskArns": [task.arn for task in found], **more}

    def _read(self) -> None:
        """Count a call of one of the actions that read clusters. They share one bucket."""
        if not self._reads.take():
            raise rate_exceeded()

    def _in_named_cluster(
        self, operation: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
    ) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """Wrap an operation that acts on the cluster named in its parameters."""
        return lambda parameters: operation(
            self._clusters.require(parameters.get("cluster")), parameters
        )

    def _find(self, cluster: dict[str, Any], reference: str) -> Task | None:
        arn = self._arns.task(cluster["clusterName"], short_name(reference))
        if reference.startswith("arn:") and reference != arn:
            return None
        return self._tasks.get(arn)


def _matches(task: Task, parameters: dict[str, Any]) -> bool:
    record = task.record
    family = record["taskDefinitionArn"].rsplit("/", 1)[-1].partition(":")[0]
    return (
        record["desiredStatus"] == parameters.get("desiredStatus", "RUNNING")
        and parameters.get("family") in (None, family)
        and parameters.get("startedBy") in (None, record.get("startedBy"))
        and parameters.get("launchType") in (None, record["launchType"])
    )
