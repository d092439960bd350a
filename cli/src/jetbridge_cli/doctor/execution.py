"""Checks the roles and log groups of containers: do they exist, and may the role write there?"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Result, if_there
from jetbridge_cli.doctor.simulation import denied_to_role, trusts

TASKS = "ecs-tasks.amazonaws.com"
# IAM's error codes for a missing role, in the spelling of its API and of the SDK's model.
NO_ROLE = ("NoSuchEntity", "NoSuchEntityException")


def log_group(deployment: Deployment, name: str, group: str) -> Iterator[Result]:
    """The log group of a definition exists, and ContainerLogGroupArns has it."""
    if not deployment.has_log_group(group):
        yield Finding(
            check="log groups",
            subject=name,
            problem=f"its log group {group} doesn't exist: its containers can't start.",
            fix=f"aws logs create-log-group --log-group-name {group}",
            section="definitions",
        )
    allowed = deployment.listed("ContainerLogGroupArns")
    arn = deployment.arn_of("logs", f"log-group:{group}:*")
    if allowed and not any(fnmatchcase(arn, each) for each in allowed):
        yield Finding(
            check="log groups",
            subject=name,
            problem=f"its log group {group} is not in ContainerLogGroupArns: nobody can read it.",
            fix="Add it to ContainerLogGroupArns, or leave that empty.",
            section="definitions",
        )


def role(deployment: Deployment, name: str, arn: str, groups: Sequence[str]) -> Iterator[Result]:
    """A definition's role exists and trusts ECS. It may be passed, and may write to these groups.

    A role that was checked for an earlier definition is not checked again.
    """
    if (arn, *groups) in deployment.checked:
        return
    deployment.checked.add((arn, *groups))
    passable = deployment.listed("PassableRoleArns")
    if not any(fnmatchcase(arn, each) for each in passable):
        yield _finding(
            name,
            f"its role {arn} is not in PassableRoleArns: launch_run may not pass it.",
            "Add it to PassableRoleArns.",
        )
    iam = deployment.aws.iam
    found = if_there(partial(iam.get_role, RoleName=arn.rpartition("/")[2]), *NO_ROLE)
    if found is None:
        yield _finding(
            name,
            f"its role {arn} doesn't exist.",
            "Create the role, or register a revision that names another.",
        )
        return
    if not trusts(iam, found["Role"], arn, TASKS, deployment.arn_of("ecs", "*")):
        yield _finding(
            name,
            f"its role {arn} doesn't trust {TASKS}: no task can start with it.",
            f"Let the role's trust policy name {TASKS}.",
        )
    streams = [deployment.arn_of("logs", f"log-group:{each}:log-stream:x/x/x") for each in groups]
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if streams and (denied := denied_to_role(iam, arn, action, streams)):
            yield _finding(
                name,
                f"its execution role {arn} may not {action} on {', '.join(denied)}.",
                "Give it AmazonECSTaskExecutionRolePolicy, or that action on the log group.",
            )


def _finding(subject: str, problem: str, fix: str) -> Finding:
    return Finding(
        check="roles of definitions",
        subject=subject,
        problem=problem,
        fix=fix,
        section="definitions",
    )
