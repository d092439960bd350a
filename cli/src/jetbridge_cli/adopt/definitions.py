"""Reads the roles and log groups of definitions' containers from AWS.

It only reads: ``ecs:DescribeTaskDefinition``, ``batch:DescribeJobDefinitions`` and
``sts:GetCallerIdentity``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from jetbridge.logs.groups import LogGroup, groups_of_job, groups_of_task
from jetbridge_cli.adopt.allowed import RUN_BY_JETBRIDGE, Place
from jetbridge_cli.aws import Aws
from jetbridge_cli.problems import in_words

_ROLES = ("taskRoleArn", "executionRoleArn")


@dataclass
class Found:
    """Roles and log groups from the definitions.

    Attributes:
        problems: one sentence for each definition that can't be read.
    """

    roles: set[str] = field(default_factory=set)
    log_groups: set[LogGroup] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def place_of(aws: Aws) -> Place:
    """The account and region of the credentials."""
    arn = aws.session.client("sts").get_caller_identity()["Arn"]
    _, partition, _, _, account, *_ = arn.split(":")
    return Place(aws.session.region_name or "*", account, partition)


def look_up(aws: Aws, tasks: Iterable[Mapping[str, Any]]) -> Found:
    """Read every definition that Jetbridge will run."""
    found = Found()
    needs = [task["needs"] for task in tasks if task["verdict"] in RUN_BY_JETBRIDGE]
    for name in sorted({name for each in needs for name in each["task_definitions"]}):
        with_problems(found, name, lambda name=name: _task(aws, name, found))
    for name in sorted({name for each in needs for name in each["job_definitions"]}):
        with_problems(found, name, lambda name=name: _job(aws, name, found))
    return found


def with_problems(found: Found, name: str, read: Any) -> None:
    """Note AWS's error for a definition, and continue with the others."""
    try:
        read()
    except ClientError as error:
        found.problems.append(f"{name}: {in_words(error)}")


def _task(aws: Aws, name: str, found: Found) -> None:
    definition: Mapping[str, Any] = aws.ecs.describe_task_definition(taskDefinition=name)[
        "taskDefinition"
    ]
    found.roles |= {definition[role] for role in _ROLES if definition.get(role)}
    found.log_groups |= groups_of_task(definition)


def _job(aws: Aws, name: str, found: Found) -> None:
    last = name.rpartition("/")[2]
    # It finds no ARN without a revision (aws/aws-sdk#94).
    asked: dict[str, Any] = {"jobDefinitionName": last, "status": "ACTIVE"}
    if ":" in last:
        asked = {"jobDefinitions": [name]}
    # A page has 100 at most, in no promised order (API reference).
    pages = aws.batch.get_paginator("describe_job_definitions").paginate(**asked)
    definitions = [each for page in pages for each in page["jobDefinitions"]]
    if not definitions:
        found.problems.append(f"{name}: there is no active job definition of that name")
        return
    newest = max(definitions, key=lambda each: each["revision"])
    found.log_groups |= groups_of_job(newest)
