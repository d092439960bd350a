"""Amazon ECS.

Sources: service authorization reference; Amazon ECS developer guide, "Tagging authorization" (tags
of a new task need ecs:TagResource), "Amazon ECS task execution IAM role" and "Amazon ECS
infrastructure IAM role" (which roles RunTask passes, and to whom). A list of a cluster's tasks is
authorised on ``*`` (cdklabs/construct-hub#1207).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ..actions import action_of
from ..model import Call, Check, Facts, Place
from .tags import tag_context

_OF_TASKS = frozenset({"DescribeTasks", "StopTask", "ExecuteCommand", "GetTaskProtection"})
_OF_CLUSTERS = frozenset({"DescribeClusters", "DeleteCluster", "UpdateCluster"})


def checks(call: Call, place: Place, facts: Facts) -> Iterator[Check]:
    parameters, operation = call.parameters, call.operation
    action = action_of("ecs", operation)
    cluster = _cluster_arn(str(parameters.get("cluster") or "default"), place)
    if operation == "RunTask":
        yield from _run_task(parameters, cluster, place, facts)
    elif operation in _OF_TASKS:
        asked = parameters.get("tasks") or [parameters.get("task", "")]
        for task in asked:
            yield Check(action, _task_arn(str(task), cluster, place), {"ecs:cluster": cluster})
    elif operation == "ListTasks":
        instance = parameters.get("containerInstance")
        name = cluster.rpartition("/")[2]
        resource = place.arn("ecs", f"container-instance/{name}/{instance}") if instance else "*"
        yield Check(action, resource, {"ecs:cluster": cluster})
    elif operation in _OF_CLUSTERS:
        named = parameters.get("clusters") or [parameters.get("cluster", "default")]
        for each in named:
            yield Check(action, _cluster_arn(str(each), place))
    else:
        yield Check(action, "*", tag_context(parameters))


def _run_task(
    parameters: Mapping[str, Any], cluster: str, place: Place, facts: Facts
) -> Iterator[Check]:
    reference = str(parameters.get("taskDefinition", ""))
    definition = facts.task_definition(reference) or {}
    arn = definition.get("taskDefinitionArn") or _definition_arn(reference, place)
    context = tag_context(parameters) | {"ecs:cluster": cluster}
    if parameters.get("enableExecuteCommand") is not None:
        context["ecs:enable-execute-command"] = str(parameters["enableExecuteCommand"]).lower()
    providers = tuple(
        str(each["capacityProvider"]) for each in parameters.get("capacityProviderStrategy", ())
    )
    if providers:
        context["ecs:capacity-provider"] = providers
    if parameters.get("volumeConfigurations"):
        context["ecs:enable-ebs-volumes"] = "true"
    yield Check("ecs:RunTask", str(arn), context)
    if parameters.get("tags"):
        created = place.arn("ecs", f"task/{cluster.rpartition('/')[2]}/*")
        tagging = tag_context(parameters) | {"ecs:CreateAction": "RunTask"}
        yield Check("ecs:TagResource", created, tagging)
    overrides = parameters.get("overrides", {})
    for member in ("taskRoleArn", "executionRoleArn"):
        if role := overrides.get(member) or definition.get(member):
            yield _pass_role(str(role), "ecs-tasks.amazonaws.com")
    for volume in parameters.get("volumeConfigurations", ()):
        if role := volume.get("managedEBSVolume", {}).get("roleArn"):
            yield _pass_role(str(role), "ecs.amazonaws.com")


def _pass_role(role: str, service: str) -> Check:
    return Check("iam:PassRole", role, {"iam:PassedToService": service})


def _cluster_arn(cluster: str, place: Place) -> str:
    return cluster if cluster.startswith("arn:") else place.arn("ecs", f"cluster/{cluster}")


def _task_arn(task: str, cluster: str, place: Place) -> str:
    if task.startswith("arn:"):
        return task
    return place.arn("ecs", f"task/{cluster.rpartition('/')[2]}/{task}")


def _definition_arn(reference: str, place: Place) -> str:
    """The ARN, even if the definition doesn't exist: a denial comes before that error."""
    if reference.startswith("arn:"):
        return reference
    return place.arn("ecs", f"task-definition/{reference}")
