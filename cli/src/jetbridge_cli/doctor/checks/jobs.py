"""Checks the job queues, compute environments and job definitions that the parameters allow."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.execution import log_group, role
from jetbridge_cli.doctor.finding import Finding, Result

# Batch's log group, unless a job definition names another (AWS Batch user guide, "Using the awslogs
# log driver").
_DEFAULT_GROUP = "/aws/batch/job"


def job_queues(deployment: Deployment) -> Iterator[Result]:
    """Each queue in JobQueueArns and each of its compute environments is enabled and valid."""
    plain = [arn for arn in deployment.listed("JobQueueArns") if "*" not in arn]
    if not plain:
        return
    found = deployment.aws.batch.describe_job_queues(jobQueues=plain)["jobQueues"]
    by_arn = {each["jobQueueArn"]: each for each in found}
    environments: list[str] = []
    for arn in plain:
        queue = by_arn.get(arn)
        if queue is None:
            yield _finding("job queues", arn, "JobQueueArns names it, and there is no such queue.")
            continue
        yield from _usable("job queues", arn, queue)
        environments += [
            each["computeEnvironment"] for each in queue.get("computeEnvironmentOrder", [])
        ]
    if not environments:
        return
    answer = deployment.aws.batch.describe_compute_environments(computeEnvironments=environments)
    for environment in answer["computeEnvironments"]:
        name = environment["computeEnvironmentName"]
        yield from _usable("compute environments", name, environment)


def job_definitions(deployment: Deployment) -> Iterator[Result]:
    """Each of JobDefinitionArns exists, its log can be read, and its roles are usable."""
    patterns = deployment.listed("JobDefinitionArns")
    if not patterns:
        return
    pages = deployment.aws.batch.get_paginator("describe_job_definitions")
    newest: dict[str, Any] = {}
    for page in pages.paginate(status="ACTIVE"):
        for each in page["jobDefinitions"]:
            before = newest.get(each["jobDefinitionName"])
            if before is None or each["revision"] > before["revision"]:
                newest[each["jobDefinitionName"]] = each
    for pattern in patterns:
        matching = [each for each in newest.values() if _named_by(each, pattern)]
        if not matching:
            yield _finding(
                "job definitions",
                pattern,
                "JobDefinitionArns names it, and there is no active job definition like that.",
            )
        for each in matching:
            yield from _definition(deployment, each)


def _named_by(definition: Any, pattern: str) -> bool:
    """A pattern without a revision means the newest revision."""
    arn = str(definition["jobDefinitionArn"])
    return fnmatchcase(arn, pattern) or fnmatchcase(arn.rpartition(":")[0], pattern)


def _definition(deployment: Deployment, definition: Any) -> Iterator[Result]:
    name = f"{definition['jobDefinitionName']}:{definition['revision']}"
    container = definition.get("containerProperties")
    if container is None:
        return  # a multi-node job, or a job with several containers: each container has its own
    logging = container.get("logConfiguration") or {}
    driver = logging.get("logDriver", "awslogs")
    if driver != "awslogs":
        yield _finding(
            "job definitions",
            name,
            f"it logs with {driver}, and Jetbridge reads only awslogs.",
            "Register a revision with logDriver awslogs.",
        )
    fargate = "FARGATE" in definition.get("platformCapabilities", [])
    executing = container.get("executionRoleArn")
    if fargate and executing is None:
        yield _finding(
            "job definitions",
            name,
            "it is for Fargate and has no execution role.",
            "Register a revision with executionRoleArn.",
        )
    options = logging.get("options") or {}
    group = options.get("awslogs-group", _DEFAULT_GROUP)
    if driver == "awslogs" and group != _DEFAULT_GROUP:  # Batch makes that group itself
        yield from log_group(deployment, name, group)
    if executing:
        yield from role(deployment, name, executing, [group] if driver == "awslogs" else [])
    if container.get("jobRoleArn"):
        yield from role(deployment, name, container["jobRoleArn"], [])


def _usable(check: str, name: str, found: Any) -> Iterator[Result]:
    if found.get("state") != "ENABLED":
        yield _finding(check, name, "it is disabled: jobs are refused or wait for ever.")
    elif found.get("status") not in ("VALID", "CREATING", "UPDATING", None):
        why = found.get("statusReason", "Batch gives no reason")
        yield _finding(check, name, f"Batch has it as {found['status']}: {why}.")


def _finding(
    check: str,
    subject: str,
    problem: str,
    fix: str = "Enable or make it in AWS Batch, or take it out of the stack's parameters.",
) -> Finding:
    return Finding(check=check, subject=subject, problem=problem, fix=fix, section="definitions")
