"""Asks what Jetbridge may run, and proposes the account's resources."""

from collections.abc import Iterable, Sequence

from jetbridge_cli.asking import prompted
from jetbridge_cli.init.account import Account
from jetbridge_cli.init.parameters import Choice
from jetbridge_cli.writing import say

_NONE = "none"


def proposal(account: Account, given: Choice) -> Choice:
    """The resources that the flags name. For ECS or Batch without flags, all that the account has.

    It proposes only what can run: no clusters without task definitions, and no task definitions
    without clusters.
    """
    ecs = (given.clusters, given.task_definitions)
    batch = (given.job_queues, given.job_definitions)
    if not any((*ecs, *batch)):
        ecs = _pair(account.clusters, account.task_definitions)
        batch = _pair(account.job_queues, account.job_definitions)
    logs = given.airflow_logs or next(
        (airflow.log_group for airflow in account.airflows if airflow.log_group), ""
    )
    return Choice(*ecs, *batch, logs)


def _pair(places: Iterable[str], definitions: Iterable[str]) -> tuple[list[str], list[str]]:
    found = sorted(places), sorted(definitions)
    return found if all(found) else ([], [])


def asked(account: Account, proposed: Choice) -> Choice:
    """The person's answers to the proposals. Enter accepts a proposal, and ``none`` rejects it."""
    for title, names in (
        ("ECS clusters", account.clusters),
        ("Task definitions", account.task_definitions),
        ("Batch job queues", account.job_queues),
        ("Job definitions", account.job_definitions),
        ("S3 buckets", account.buckets),
    ):
        say(f"{title}: {', '.join(sorted(names)) or _NONE}")
    say("Answer with names, separated by commas; * and ? are wildcards.")
    return Choice(
        _names("ECS clusters that tasks may run in", proposed.clusters),
        _names("Task definitions that may run", proposed.task_definitions),
        _names("Batch job queues that jobs may be submitted to", proposed.job_queues),
        _names("Job definitions that may run", proposed.job_definitions),
        _one(
            "Where Airflow keeps its task logs (s3://<bucket>/<prefix>, or a log group's name)",
            proposed.airflow_logs,
        ),
    )


def _names(question: str, proposed: Sequence[str]) -> list[str]:
    answer = _one(question, ",".join(proposed))
    return [name.strip() for name in answer.split(",") if name.strip()]


def _one(question: str, proposed: str) -> str:
    answer = prompted(question, proposed or _NONE).strip()
    return "" if answer == _NONE else answer
