"""Checks the clusters and task definitions that the parameters allow."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.execution import log_group, role
from jetbridge_cli.doctor.finding import Finding, Note, Result, Unchecked, if_there

# The limit for one pattern, because each definition needs a call.
MOST = 50
_CHECK = "task definitions"


def clusters(deployment: Deployment) -> Iterator[Result]:
    """Each cluster of ClusterArns is active."""
    arns = deployment.listed("ClusterArns")
    plain = [arn for arn in arns if "*" not in arn]
    if not plain:
        return
    answer = deployment.aws.ecs.describe_clusters(clusters=plain)
    active = {each["clusterArn"] for each in answer["clusters"] if each.get("status") == "ACTIVE"}
    unknown: set[str] = set()
    for failure in answer.get("failures", []):
        # Only MISSING means that the cluster doesn't exist (Amazon ECS developer guide, "Amazon ECS
        # API failure reasons").
        if failure.get("reason") != "MISSING":
            unknown.add(failure.get("arn", ""))
            yield Unchecked(
                check="clusters", why=f"DescribeClusters: {failure.get('arn')}: {failure['reason']}"
            )
    for arn in plain:
        if arn not in active | unknown:
            yield Finding(
                check="clusters",
                subject=arn,
                problem="ClusterArns names it, and there is no such active cluster.",
                fix="Create the cluster, or take it out of ClusterArns.",
                section="definitions",
            )


def task_definitions(deployment: Deployment) -> Iterator[Result]:
    """Each of TaskDefinitionArns exists, logs with awslogs, fits Fargate and has usable roles."""
    for pattern in deployment.listed("TaskDefinitionArns"):
        named = pattern.rpartition("/")[2]
        family, _, revision = named.partition(":")
        exact = revision if revision and "*" not in revision else ""
        families = [family]
        if "*" in family or "?" in family:
            families = _families(deployment, family)
        if len(families) > MOST:
            yield Note(
                check=_CHECK,
                text=f"{pattern} has {len(families)} families: the first {MOST} were checked.",
            )
        if not families:
            yield _missing(pattern)
        for each in families[:MOST]:
            yield from _definition(deployment, pattern, f"{each}:{exact}" if exact else each)


def _families(deployment: Deployment, pattern: str) -> list[str]:
    prefix = pattern.replace("?", "*").partition("*")[0]
    pages = deployment.aws.ecs.get_paginator("list_task_definition_families")
    found = (
        pages.paginate(status="ACTIVE", familyPrefix=prefix)
        if prefix
        else pages.paginate(status="ACTIVE")
    )
    return [family for page in found for family in page["families"] if fnmatchcase(family, pattern)]


def _missing(pattern: str) -> Finding:
    return Finding(
        check=_CHECK,
        subject=pattern,
        problem="TaskDefinitionArns names it, and there is no active task definition like that.",
        fix="Register the task definition, or correct TaskDefinitionArns.",
        section="definitions",
    )


def _definition(deployment: Deployment, pattern: str, reference: str) -> Iterator[Result]:
    ask = partial(deployment.aws.ecs.describe_task_definition, taskDefinition=reference)
    # A missing permission has the same error code (ECS API reference, DescribeTaskDefinition).
    answer = if_there(ask, "ClientException", text="Unable to describe task definition")
    if answer is None:
        yield _missing(pattern)
        return
    definition: Mapping[str, Any] = answer["taskDefinition"]
    name = f"{definition['family']}:{definition['revision']}"
    fargate = "FARGATE" in definition.get("requiresCompatibilities", [])
    if fargate and definition.get("networkMode") != "awsvpc":
        yield _unfit(
            name,
            f"it is for Fargate and its network mode is {definition.get('networkMode')}.",
            "Register a revision with networkMode awsvpc, the only one that Fargate takes.",
        )
    groups: set[str] = set()
    yield from _logging(definition, name, fargate, groups)
    for group in sorted(groups):
        yield from log_group(deployment, name, group)
    executing = definition.get("executionRoleArn")
    if fargate and executing is None:
        yield _unfit(
            name,
            "it is for Fargate and has no execution role, which pulls its image and writes its "
            "log.",
            "Register a revision with executionRoleArn.",
        )
    no_groups: set[str] = set()
    for arn, writes in ((executing, groups), (definition.get("taskRoleArn"), no_groups)):
        if arn:
            yield from role(deployment, name, arn, sorted(writes))


def _logging(
    definition: Mapping[str, Any], name: str, fargate: bool, groups: set[str]
) -> Iterator[Result]:
    """Return what is wrong with the containers' log drivers. Adds the log groups that must
    exist."""
    for container in definition["containerDefinitions"]:
        logging = container.get("logConfiguration") or {}
        driver = logging.get("logDriver")
        if driver != "awslogs":
            yield _unfit(
                name,
                f"its container {container['name']} logs with {driver or 'no log driver'}, and "
                "Jetbridge reads only awslogs: Airflow shows none of its lines.",
                "Register a revision with logConfiguration's logDriver awslogs.",
            )
            continue
        options = logging.get("options", {})
        if "awslogs-stream-prefix" not in options and fargate:
            yield _unfit(
                name,
                f"its container {container['name']} has no awslogs-stream-prefix.",
                "Register a revision with awslogs-stream-prefix, which Fargate demands.",
            )
        if options.get("awslogs-create-group") != "true":
            groups.add(options.get("awslogs-group", ""))


def _unfit(name: str, problem: str, fix: str) -> Finding:
    return Finding(check=_CHECK, subject=name, problem=problem, fix=fix, section="definitions")
