"""ECS: RunTask and what belongs to it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from jetbridge.aws.clients import says_throttle
from jetbridge.aws.records import Fields, Record
from jetbridge.backends.log_sources import task_log_source
from jetbridge.backends.port import LaunchRefused, NoDefinition, Throttled
from jetbridge.backends.refusals import call, pages
from jetbridge.backends.stops import each_by_itself
from jetbridge.runs.names import LaunchName, last_segment
from jetbridge.runs.run import Definition

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

DEFAULT_CLUSTER = "default"
# Reasons of DescribeTasks: ECS doesn't know the task, or never started it (Amazon ECS developer
# guide, "Amazon ECS API failure reasons").
_NO_TASK = ("MISSING", "TaskFailedToStart")
_NO_DEFINITION = "Unable to describe task definition"


class EcsBackend:
    """``Backend`` on ECS."""

    def __init__(self, client: "ECSClient") -> None:
        self._client = client

    def resolve(self, parameters: dict[str, Any]) -> Definition:
        """DescribeTaskDefinition. Its ClientException may mean a missing permission, too (API
        reference). Of a definition that doesn't exist its text is "Unable to describe task
        definition." (so in moto, ``TaskDefinitionNotFoundException``)."""
        name = str(parameters["taskDefinition"])
        try:
            answer = call(self._client.describe_task_definition, taskDefinition=name)
        except LaunchRefused as refusal:
            if refusal.code != "ClientException" or _NO_DEFINITION not in refusal.reason:
                raise
            fix = f"{name} doesn't exist or has no active revision: check its family and revision"
            raise NoDefinition(refusal.code, f"{refusal.reason} {fix}") from refusal
        definition: Any = answer["taskDefinition"]
        return Definition(
            arn=definition["taskDefinitionArn"],
            log_sources=[task_log_source(item) for item in definition["containerDefinitions"]],
        )

    def launch(self, name: LaunchName, parameters: dict[str, Any], definition: Definition) -> str:
        """RunTask. It reports ``failures`` with HTTP status 200, and no event follows.

        A ConflictException means that this token has already launched a task, which it names
        (Amazon ECS API reference, "Ensuring idempotency").
        """
        ours = {
            "taskDefinition": definition.arn,
            "startedBy": str(name),
            "clientToken": str(name),
            "count": 1,
        }
        try:
            answer = call(self._client.run_task, **(parameters | ours))
        except LaunchRefused as refusal:
            launched = _already_launched(refusal)
            if launched is None:
                raise
            return launched
        failures: list[Any] = answer.get("failures", [])
        for failure in failures:
            raise failed("RunTask", failure)
        if not answer.get("tasks"):
            raise LaunchRefused("", "RunTask answered with neither a task nor a failure")
        return str(answer["tasks"][0]["taskArn"])

    def find(self, name: LaunchName, parameters: dict[str, Any]) -> str | None:
        """ListTasks. It lists running tasks by default, and ``startedBy`` must be its only filter
        (API reference). So a stopped task is looked for among the stopped tasks of its family."""
        cluster = parameters.get("cluster", DEFAULT_CLUSTER)
        for arns in self._list(cluster=cluster, startedBy=str(name)):
            if arns:
                return str(arns[0])
        family = last_segment(parameters["taskDefinition"]).split(":")[0]
        for arns in self._list(cluster=cluster, family=family, desiredStatus="STOPPED"):
            for task in self.describe(cluster, arns) if arns else []:
                if task.get("startedBy") == str(name):
                    return str(task["taskArn"])
        return None

    def _list(self, **filters: str) -> Iterator[list[str]]:
        """Pages of up to 100 task ARNs, as many as DescribeTasks takes."""
        for page in pages(self._client.list_tasks, maxResults=100, **filters):
            yield page["taskArns"]

    def stop(self, backend_id: str, parameters: dict[str, Any], reason: str) -> None:
        """StopTask; ECS answers "The referenced task was not found" an hour after a task's end."""
        cluster = parameters.get("cluster", DEFAULT_CLUSTER)
        try:
            call(self._client.stop_task, cluster=cluster, task=backend_id, reason=reason)
        except LaunchRefused as refusal:
            if "task was not found" not in refusal.reason:
                raise

    def stop_all(self, stops: Mapping[str, dict[str, Any]], reason: str) -> dict[str, Exception]:
        """StopTask takes one task."""
        return each_by_itself(self.stop, stops, reason)

    def describe(self, place: str, backend_ids: list[str]) -> list[Record]:
        answer = call(self._client.describe_tasks, cluster=place, tasks=backend_ids)
        failures: list[Any] = answer.get("failures", [])
        for failure in failures:
            if not failure.get("reason", "").startswith(_NO_TASK):
                raise failed("DescribeTasks", failure)
        tasks: list[Any] = answer["tasks"]
        return tasks

    def living(self, place: str, prefix: str) -> Iterator[list[Record]]:
        """ListTasks can't filter by a prefix of ``startedBy``, so the cluster's other tasks are
        read, too."""
        for arns in self._list(cluster=place, desiredStatus="RUNNING"):
            tasks = self.describe(place, arns) if arns else []
            yield [task for task in tasks if Fields(task).name("startedBy").startswith(prefix)]

    def places(self) -> list[str]:
        found = pages(self._client.list_clusters, maxResults=100)
        return [arn for page in found for arn in page["clusterArns"]]


def failed(operation: str, failure: dict[str, Any]) -> LaunchRefused | Throttled:
    """The error for a failure in the answer of RunTask or DescribeTasks. A failure has a reason,
    and sometimes the ARN of a resource or more detail (API reference, Failure)."""
    reason = failure.get("reason") or ""
    parts = [reason or "no reason given", failure.get("detail")]
    about = f" ({failure['arn']})" if failure.get("arn") else ""
    text = f"{operation} failed: {': '.join(filter(None, parts))}{about}"
    return Throttled(text) if says_throttle(reason) else LaunchRefused(reason, text)


def _already_launched(refusal: LaunchRefused) -> str | None:
    error = refusal.__cause__
    if refusal.code != "ConflictException" or not isinstance(error, ClientError):
        return None
    response: dict[str, Any] = dict(error.response)
    return next(iter(response.get("resourceIds", [])), None)
