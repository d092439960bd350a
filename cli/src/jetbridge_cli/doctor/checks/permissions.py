"""Checks with IAM's simulator whether the functions' roles allow what the parameters need."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.execution import NO_ROLE
from jetbridge_cli.doctor.finding import Finding, Result, if_there
from jetbridge_cli.doctor.simulation import denied_to_role, trusts

_ECS = "ecs-tasks.amazonaws.com"
_LAMBDA, _SCHEDULER = "lambda.amazonaws.com", "scheduler.amazonaws.com"
_SCHEDULED = ("SweepRunsScheduleRole",)


@dataclass(frozen=True)
class Need:
    """An action that a role needs on each resource. ``parameter`` names the resources."""

    role: str
    action: str
    resources: list[str]
    parameter: str
    context: Mapping[str, str] = field(default_factory=dict)


def roles(deployment: Deployment) -> Iterator[Result]:
    """Each role of the stack's functions has the permissions that the parameters need."""
    known = deployment.of("AWS::IAM::Role")
    gone: set[str] = set()
    for need in _needs(deployment):
        role = known.get(need.role)
        if role is None or role in gone or not need.resources:
            continue
        arn = deployment.arn_of("iam", f"role/{role}", region=False)
        iam = deployment.aws.iam
        ask = partial(denied_to_role, iam, arn, need.action, need.resources, need.context)
        denied = if_there(ask, *NO_ROLE)
        if denied is None:
            gone.add(role)
            yield _finding(
                need.role, f"the role {role} is gone.", "Create it again as in template.yaml."
            )
            continue
        if denied:
            yield _finding(
                need.role,
                f"the role may not {need.action} on {', '.join(sorted(denied))} "
                f"({need.parameter}).",
                "Give it the policy in template.yaml again. A permissions boundary has to allow "
                "the action, too.",
            )


def trust(deployment: Deployment) -> Iterator[Result]:
    """Each role of the stack trusts the service that assumes it."""
    iam = deployment.aws.iam
    for name, role in deployment.of("AWS::IAM::Role").items():
        found = if_there(partial(iam.get_role, RoleName=role), *NO_ROLE)
        if found is None:
            continue
        service, source = _LAMBDA, deployment.arn_of("lambda", "function:doctor")
        if name in _SCHEDULED:
            service, source = _SCHEDULER, deployment.arn_of("scheduler", "schedule-group/default")
        arn = deployment.arn_of("iam", f"role/{role}", region=False)
        if not trusts(iam, found["Role"], arn, service, source):
            yield _finding(
                name,
                f"the role doesn't trust {service}, so {service} can't use it.",
                f"Let its trust policy name {service} again, as in template.yaml.",
                "trust",
            )


def _needs(deployment: Deployment) -> Iterator[Need]:
    yield from _own_parts(deployment)
    yield from _launches(deployment)
    given = deployment.parameters
    if bucket := given.get("AirflowLogBucket"):
        place = f"arn:aws:s3:::{bucket}/{given.get('AirflowLogPrefix', '')}doctor.log"
        yield Need("CopyLogsRole", "s3:PutObject", [_in(deployment, place)], "AirflowLogBucket")
    if bucket := given.get("OffloadBucket"):
        place = f"arn:aws:s3:::{bucket}/{given.get('OffloadPrefix', '')}doctor"
        yield Need("StartRunRole", "s3:PutObject", [_in(deployment, place)], "OffloadBucket")
    if secret := given.get("AirflowSecretArn"):
        action = "secretsmanager:GetSecretValue"
        yield Need("NotifyAirflowRole", action, [secret], "AirflowSecretArn")
    groups = deployment.listed("ContainerLogGroupArns") or [
        deployment.arn_of("logs", "log-group:doctor:*")
    ]
    streams = [f"{group.removesuffix(':*')}:log-stream:doctor" for group in groups]
    for role in ("FinishRunRole", "CopyLogsRole"):
        yield Need(role, "logs:GetLogEvents", streams, "ContainerLogGroupArns")


def _own_parts(deployment: Deployment) -> Iterator[Need]:
    """The needs for the stack's own runs table, outcomes table and queues."""
    tables = deployment.of("AWS::DynamoDB::Table")
    runs, outcomes = (
        deployment.arn_of("dynamodb", f"table/{tables[name]}")
        for name in ("RunsTable", "OutcomesTable")
    )
    yield Need("StartRunRole", "dynamodb:PutItem", [runs], "RunsTable")
    for role in ("LaunchRunRole", "TrackRunRole", "FinishRunRole", "StopRunRole", "SweepRunsRole"):
        yield Need(role, "dynamodb:UpdateItem", [runs], "RunsTable")
    yield Need("FinishRunRole", "dynamodb:PutItem", [outcomes], "OutcomesTable")
    for role, queue in _READERS.items():
        if queue not in deployment.queues:
            continue
        arn = deployment.queues[queue]["QueueArn"]
        for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage"):
            yield Need(role, action, [arn], queue)
    for role, queues in _SENDERS.items():
        arns = [
            deployment.queues[queue]["QueueArn"] for queue in queues if queue in deployment.queues
        ]
        yield Need(role, "sqs:SendMessage", arns, ", ".join(queues))


_READERS = {
    "LaunchRunRole": "LaunchQueue",
    "TrackRunRole": "StateChangeQueue",
    "FinishRunRole": "FinishQueue",
    "CopyLogsRole": "LogsQueue",
    "StopRunRole": "StopQueue",
    "NotifyAirflowRole": "NotifyQueue",
}
_SENDERS = {
    "StartRunRole": ["LaunchQueue", "StartFailures"],
    "LaunchRunRole": ["LaunchQueue", "FinishQueue"],
    "TrackRunRole": ["FinishQueue"],
    "FinishRunRole": ["LogsQueue", "NotifyQueue"],
    "SweepRunsRole": ["LaunchQueue", "FinishQueue", "StopQueue"],
}


def _launches(deployment: Deployment) -> Iterator[Need]:
    role = "LaunchRunRole"
    definitions = [
        each if each.count(":") > 5 else f"{each}:1"
        for each in deployment.listed("TaskDefinitionArns")
    ]
    for cluster in deployment.listed("ClusterArns"):
        where = {"ecs:cluster": cluster}
        yield Need(role, "ecs:RunTask", definitions, "TaskDefinitionArns", where)
        task = [deployment.arn_of("ecs", "task/doctor/doctor")]
        for stopper in (role, "StopRunRole"):
            yield Need(stopper, "ecs:StopTask", task, "ClusterArns", where)
    jobs = deployment.listed("JobQueueArns") + deployment.listed("JobDefinitionArns")
    yield Need(role, "batch:SubmitJob", jobs, "JobQueueArns, JobDefinitionArns")
    passed = {"iam:PassedToService": _ECS}
    roles = deployment.listed("PassableRoleArns")
    yield Need(role, "iam:PassRole", roles, "PassableRoleArns", passed)


def _in(deployment: Deployment, arn: str) -> str:
    """The ARN in the stack's partition."""
    return arn.replace("arn:aws:", f"arn:{deployment.arn[1]}:", 1)


def _finding(role: str, problem: str, fix: str, check: str = "permissions") -> Finding:
    return Finding(
        check=check,
        subject=role,
        problem=problem,
        fix=fix,
        section=check,
    )
