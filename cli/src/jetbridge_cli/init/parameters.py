"""Composes the stack's parameters from the choice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from jetbridge_cli.init.account import Account, Definition
from jetbridge_cli.problems import Problem

_LISTS_LIMIT = 4096
"""In bytes. start_run gets the lists as environment variables, and these have at most 4 KB together
(AWS Lambda developer guide, "Lambda quotas")."""
_LISTS = ("ClusterArns", "TaskDefinitionArns", "JobQueueArns", "JobDefinitionArns")


@dataclass(frozen=True)
class Choice:
    """What Jetbridge may run, by name. ``*`` and ``?`` are wildcards.

    ``airflow_logs`` is Airflow's ``remote_base_log_folder`` (``s3://<bucket>/<prefix>``) or the
    name of its log group. If it is empty, Jetbridge copies no logs.
    """

    clusters: Sequence[str] = ()
    task_definitions: Sequence[str] = ()
    job_queues: Sequence[str] = ()
    job_definitions: Sequence[str] = ()
    airflow_logs: str = ""


def parameters(account: Account, choice: Choice) -> dict[str, str]:
    """Values by the template's parameter names. Parameters that keep their default are left out.

    Raises Problem for a name that the account doesn't have, for ECS or Batch resources without
    their counterpart, or for lists that are too long. The problem names the option.
    """
    definitions = [
        *_matching(account.task_definitions, choice.task_definitions, "--task-definition"),
        *_matching(account.job_definitions, choice.job_definitions, "--job-definition"),
    ]
    tasks = dict(_matching(account.task_definitions, choice.task_definitions, "--task-definition"))
    _both(choice.clusters, choice.task_definitions, "--cluster", "--task-definition")
    _both(choice.job_queues, choice.job_definitions, "--job-queue", "--job-definition")
    groups = {group for _, definition in definitions for group in definition.log_groups}
    found = {
        "ClusterArns": _arns(account.clusters, choice.clusters, "--cluster"),
        "TaskDefinitionArns": _patterns(account, choice.task_definitions, "ecs", "task-definition"),
        "JobQueueArns": _arns(account.job_queues, choice.job_queues, "--job-queue"),
        "JobDefinitionArns": _patterns(account, choice.job_definitions, "batch", "job-definition"),
        # SubmitJob passes no role (IAM user guide, "Actions, resources, and condition keys for AWS
        # Batch"). RunTask passes the roles of its definition.
        "PassableRoleArns": sorted({role for task in tasks.values() for role in task.roles}),
        "ContainerLogGroupArns": sorted(
            group.arn(account.partition, account.region, account.number) for group in groups
        ),
    }
    _fit(found)
    values = {name: ",".join(arns) for name, arns in found.items() if arns}
    keys = {
        each.key
        for each in account.airflows
        if each.key and each.log_group and each.log_group == choice.airflow_logs
    }
    if keys:
        values["KmsKeyArns"] = ",".join(sorted(keys))
    return values | dict(_logs(choice.airflow_logs))


def airflow_policy(account: Account, stack: str) -> dict[str, Any]:
    """The rights that Airflow's role needs, as in the stack's output ``AirflowPolicyArn``.

    Raises Problem if the functions' names can't be derived from the stack's name.
    """
    if len(stack) > 49:
        raise Problem(
            f"--stack {stack}: names over 49 characters are shortened when the stack is deployed; "
            "attach the policy in its output AirflowPolicyArn instead, or take a shorter name"
        )
    aliases = [
        f"function:{stack}-{name}:airflow" for name in ("start-run", "stop-run", "watch-runs")
    ]
    table = account.arn("dynamodb", f"table/{stack}-OutcomesTable-*")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Invoke",
                "Effect": "Allow",
                "Action": "lambda:InvokeFunction",
                "Resource": [account.arn("lambda", alias) for alias in aliases],
            },
            {
                "Sid": "Outcomes",
                "Effect": "Allow",
                "Action": "dynamodb:BatchGetItem",
                "Resource": table,
            },
            {
                "Sid": "Feed",
                "Effect": "Allow",
                "Action": "dynamodb:Query",
                "Resource": f"{table}/index/finished",
            },
        ],
    }


def _matching(
    found: Mapping[str, Definition], names: Iterable[str], option: str
) -> Iterator[tuple[str, Definition]]:
    for name in names:
        matches = [(key, each) for key, each in found.items() if fnmatchcase(key, name)]
        if not matches:
            raise Problem(_unknown(option, name, found))
        yield from matches


def _arns(found: Mapping[str, str], names: Iterable[str], option: str) -> list[str]:
    arns: list[str] = []
    for name in names:
        matches = [arn for key, arn in found.items() if fnmatchcase(key, name)]
        if not matches:
            raise Problem(_unknown(option, name, found))
        arns += matches
    return sorted(set(arns))


def _unknown(option: str, name: str, found: Mapping[str, object]) -> str:
    there = ", ".join(sorted(found)[:10]) or "none"
    return f"{option} {name}: there is none in this account and region, which has {there}"


def _patterns(account: Account, names: Iterable[str], service: str, kind: str) -> list[str]:
    """ARNs of all revisions. A wildcard isn't expanded, so the list stays short."""
    return sorted({account.arn(service, f"{kind}/{name}:*") for name in names})


def _both(first: Sequence[str], second: Sequence[str], one: str, other: str) -> None:
    """Raise Problem if only one of the two is given. The template's rules refuse that, too."""
    if bool(first) != bool(second):
        given, missing = (one, other) if first else (other, one)
        raise Problem(f"{given} is given and {missing} isn't: name both kinds, or neither")


def _fit(lists: Mapping[str, Sequence[str]]) -> None:
    size = sum(len(",".join(lists[name]).encode()) for name in _LISTS)
    if size > _LISTS_LIMIT:
        raise Problem(
            f"the lists of ARNs have {size} bytes, and start_run takes {_LISTS_LIMIT}: name fewer, "
            "or families by a pattern, such as --task-definition 'etl-*'"
        )


def _logs(where: str) -> Iterator[tuple[str, str]]:
    if where.startswith("s3://"):
        bucket, _, prefix = where.removeprefix("s3://").partition("/")
        if not bucket:
            raise Problem(f"--airflow-logs {where}: no bucket; give s3://<bucket>/<prefix>")
        yield "AirflowLogBucket", bucket
        if prefix.strip("/"):
            yield "AirflowLogPrefix", f"{prefix.strip('/')}/"
    elif "://" in where:
        raise Problem(f"--airflow-logs {where}: give s3://<bucket>/<prefix> or a log group's name")
    elif where:
        yield "AirflowLogGroup", where
