"""Finds what Jetbridge could run in an account, and where its Airflow keeps its logs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge.logs.groups import LogGroup, groups_of_job, groups_of_task
from jetbridge_cli.aws import Aws
from jetbridge_cli.problems import in_words

T = TypeVar("T")

_KEY = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")


@dataclass(frozen=True)
class Definition:
    """The newest revision of a task definition family or of a job definition.

    Attributes:
        name: the family, or the job definition's name.
        arn: the ARN of all its revisions, with ``*`` for the revision.
        roles: ARNs of the task role and the execution role; RunTask passes them, SubmitJob none.
        log_groups: of its containers.
    """

    name: str
    arn: str
    roles: frozenset[str] = frozenset()
    log_groups: frozenset[LogGroup] = frozenset()


@dataclass(frozen=True)
class Airflow:
    """An Amazon MWAA environment.

    Attributes:
        role: the execution role's ARN.
        log_group: the name of the group with its task logs; "" if there is none.
        key: ARN of its own KMS key; "" if it has none, or only an alias is known. Its log groups
            are encrypted with it (aws/modern-data-architecture-accelerator, "MWAA Constructs").
    """

    name: str
    role: str
    log_group: str
    key: str = ""


@dataclass(frozen=True)
class Account:
    """The resources of an account.

    Attributes:
        partition, region, number: of the account.
        clusters, job_queues: ARNs by name.
        task_definitions, job_definitions: active ones, by name.
        buckets: names.
        airflows: Amazon MWAA's environments.
        notes: what AWS did not list, and why.
    """

    partition: str
    region: str
    number: str
    clusters: dict[str, str] = field(default_factory=dict)
    task_definitions: dict[str, Definition] = field(default_factory=dict)
    job_queues: dict[str, str] = field(default_factory=dict)
    job_definitions: dict[str, Definition] = field(default_factory=dict)
    buckets: tuple[str, ...] = ()
    airflows: tuple[Airflow, ...] = ()
    notes: tuple[str, ...] = ()

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.number}:{resource}"


def look_up(aws: Aws) -> Account:
    """Ask AWS once for each list. If AWS denies a list, it stays empty, and a note says so.

    Raises ClientError or BotoCoreError if AWS doesn't give the caller's identity.
    """
    identity = aws.sts.get_caller_identity()
    partition = identity["Arn"].split(":")[1]
    notes: list[str] = []

    def listed(what: str, found: Iterable[T]) -> list[T]:
        try:
            return list(found)
        except (ClientError, BotoCoreError) as error:
            notes.append(f"{what} could not be listed: {in_words(error)}")
            return []

    return Account(
        partition,
        str(aws.session.region_name),
        identity["Account"],
        dict(listed("ECS clusters", _clusters(aws))),
        dict(listed("task definitions", _task_definitions(aws))),
        dict(listed("Batch job queues", _job_queues(aws))),
        dict(listed("job definitions", _job_definitions(aws))),
        tuple(listed("S3 buckets", _buckets(aws))),
        tuple(listed("Amazon MWAA environments", _airflows(aws))),
        tuple(notes),
    )


def _clusters(aws: Aws) -> Iterator[tuple[str, str]]:
    for page in aws.ecs.get_paginator("list_clusters").paginate():
        for arn in page["clusterArns"]:
            yield arn.rpartition("/")[2], arn


def _task_definitions(aws: Aws) -> Iterator[tuple[str, Definition]]:
    pages = aws.ecs.get_paginator("list_task_definition_families").paginate(status="ACTIVE")
    for page in pages:
        for family in page["families"]:
            found = aws.ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
            roles = (found.get("taskRoleArn"), found.get("executionRoleArn"))
            yield (
                family,
                Definition(
                    family,
                    _any_revision(found["taskDefinitionArn"]),
                    frozenset(role for role in roles if role),
                    groups_of_task(found),
                ),
            )


def _job_queues(aws: Aws) -> Iterator[tuple[str, str]]:
    for page in aws.batch.get_paginator("describe_job_queues").paginate():
        for queue in page["jobQueues"]:
            yield queue["jobQueueName"], queue["jobQueueArn"]


def _job_definitions(aws: Aws) -> Iterator[tuple[str, Definition]]:
    newest: dict[str, Any] = {}
    pages = aws.batch.get_paginator("describe_job_definitions").paginate(status="ACTIVE")
    for page in pages:
        for found in page["jobDefinitions"]:
            name = found["jobDefinitionName"]
            if name not in newest or found["revision"] > newest[name]["revision"]:
                newest[name] = found
    for name, found in newest.items():
        arn = _any_revision(found["jobDefinitionArn"])
        yield name, Definition(name, arn, log_groups=groups_of_job(found))


def _any_revision(arn: str) -> str:
    return f"{arn.rpartition(':')[0]}:*"


def _buckets(aws: Aws) -> Iterator[str]:
    for bucket in aws.s3.list_buckets()["Buckets"]:
        yield bucket["Name"]


def _airflows(aws: Aws) -> Iterator[Airflow]:
    for page in aws.mwaa.get_paginator("list_environments").paginate():
        for name in page["Environments"]:
            found = aws.mwaa.get_environment(Name=name)["Environment"]
            logs = found.get("LoggingConfiguration", {}).get("TaskLogs", {})
            arn = logs.get("CloudWatchLogGroupArn", "") if logs.get("Enabled") else ""
            group = arn.partition(":log-group:")[2].removesuffix(":*")
            role = found.get("ExecutionRoleArn", "")
            key = found.get("KmsKey", "")
            yield Airflow(name, role, group, key if _KEY.fullmatch(key) else "")
