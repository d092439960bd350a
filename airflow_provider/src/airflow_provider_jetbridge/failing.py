"""Exceptions for runs that didn't succeed, and their texts."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import NoReturn

from airflow.providers.common.compat.sdk import AirflowSkipException, AirflowTaskTimeout

from airflow_provider_jetbridge.exceptions import RunFailed, RunFailedForGood, RunStopped
from airflow_provider_jetbridge.story import KINDS
from jetbridge.contract import Cause, Outcome, State, inert_lines

_HOST_TERMINATED = re.compile(r"Host EC2 \(instance .+?\) (stopped|terminated)\.")
"""The same pattern as in the amazon provider (operators/ecs.py, ``_check_success_task``)."""


_BEFORE_THE_START = (
    Cause.CAPACITY,
    Cause.IMAGE_NOT_FOUND,
    Cause.IMAGE_PULL,
    Cause.MISCONFIGURATION,
    Cause.NETWORK_SETUP,
)


def exit_codes(given: int | Container[int] | None) -> Container[int]:
    """Exit codes of a keyword, in the form that the amazon provider keeps."""
    if isinstance(given, Container):
        return given
    return [] if given is None else [given]


@dataclass(frozen=True)
class Interpretation:
    """How a task reads the end of its run.

    Attributes:
        skip_on: exit codes that skip the task.
        fail_on: exit codes that fail the task without a retry. They take precedence over
            ``skip_on``.
        number_of_lines: how many last lines the task asks for.
        lines_wanted: the exception has the amazon provider's heading of the log even without lines,
            as the stock operator's exception does if its awslogs keywords are given.
    """

    skip_on: Container[int] = ()
    fail_on: Container[int] = ()
    number_of_lines: int = 10
    lines_wanted: bool = False


def raise_unless_succeeded(
    outcome: Outcome, interpretation: Interpretation = Interpretation()
) -> None:
    """Raise the exception that Airflow expects for a run that didn't succeed.

    Only the exit codes of deciding containers count (``Outcome.deciding``). The order is the amazon
    provider's: a failed start or a lost host comes before any exit code.

    Raises:
        AirflowTaskTimeout: the run was stopped because ``execution_timeout`` had passed.
        RunStopped: the run was stopped for another reason.
        EcsRunFailedToStart, EcsLaunchFailed: ECS couldn't start it. These derive from ``RunFailed``
            and from the amazon provider's ``EcsTaskFailToStart`` and ``EcsOperatorError``.
        RunFailedForGood: a container exited with a code from ``fail_on``.
        AirflowSkipException: every failed container exited with a code from ``skip_on``.
        RunFailed: the run failed.
    """
    if outcome.state is State.SUCCEEDED:
        return
    text = _as_stock(outcome, interpretation)
    if outcome.state is State.STOPPED:
        raise (AirflowTaskTimeout if outcome.cause is Cause.TIMEOUT else RunStopped)(text)
    if outcome.backend == "ecs" and _never_ran(outcome):
        _raise_not_started(outcome, text)
    failures = [code for code in _deciding_codes(outcome) if code != 0]
    if not _HOST_TERMINATED.match(outcome.reason):
        if any(code in interpretation.fail_on for code in failures):
            raise RunFailedForGood(text)
        if failures and all(code in interpretation.skip_on for code in failures):
            raise AirflowSkipException(text)
    raise RunFailed(text)


def _raise_not_started(outcome: Outcome, text: str) -> NoReturn:
    from airflow_provider_jetbridge.stock_exceptions import EcsLaunchFailed, EcsRunFailedToStart

    if outcome.backend_id is None:
        raise EcsLaunchFailed(text, inert_lines(outcome.reason))
    raise EcsRunFailedToStart(text, inert_lines(_not_started(outcome)))


def _never_ran(outcome: Outcome) -> bool:
    """Whether the task failed to start. Some of its containers may have run before: a sidecar has
    an exit code, too, if ECS stops it because the main container's image can't be pulled."""
    if outcome.started_at is not None:
        return False
    return not outcome.exit_codes or outcome.cause in _BEFORE_THE_START


def _deciding_codes(outcome: Outcome) -> Iterable[int]:
    deciding = outcome.deciding or outcome.exit_codes.keys()
    return (code for name, code in outcome.exit_codes.items() if name in deciding)


def describe(outcome: Outcome) -> str:
    """A text that helps people to correct a run that didn't succeed.

    It becomes an exception's text, and Airflow shows that on its pages. So all text from the
    container and from AWS is made inert.
    """
    lines = _story(outcome)
    if outcome.last_lines:
        lines += ["Last log lines:", *(f"  {line}" for line in outcome.last_lines)]
    return "\n".join(map(inert_lines, lines))


def _as_stock(outcome: Outcome, interpretation: Interpretation) -> str:
    """`describe`, with the amazon provider's sentences, because programs search for them.

    The first sentences come at the beginning. The heading of the log and the lines come at the
    end.
    """
    lines = [*_first_sentences(outcome), *_story(outcome)]
    if outcome.last_lines or interpretation.lines_wanted:
        lines.append(
            f"This task is not in success state - last {interpretation.number_of_lines} logs from "
            "Cloudwatch:"
        )
        lines += outcome.last_lines or [""]
    return "\n".join(map(inert_lines, lines))


def _first_sentences(outcome: Outcome) -> list[str]:
    """The same sentences as in operators/ecs.py (``_check_success_task``), operators/batch.py and
    hooks/batch_client.py (``check_job_success``)."""
    if outcome.backend_id is None:
        return []
    if outcome.backend == "batch":
        job = outcome.backend_id
        return [
            f"AWS Batch job ({job}) failed: {outcome.reason}",
            f"Error while running job: {job} is in FAILED state",
        ]
    if _HOST_TERMINATED.match(outcome.reason):
        return [f"The task was stopped because the host instance terminated: {outcome.reason}"]
    if _never_ran(outcome):
        return [_not_started(outcome)] if outcome.state is State.FAILED else []
    containers = [
        {"name": name, "lastStatus": "STOPPED", "exitCode": code}
        for name, code in outcome.exit_codes.items()
    ]
    task = {"taskArn": outcome.backend_id, "containers": containers}
    return [f"This task is not in success state {task}"]


def _not_started(outcome: Outcome) -> str:
    return f"The task failed to start due to: {outcome.reason}"


def _story(outcome: Outcome) -> list[str]:
    exits = ", ".join(f"{name} exited with {code}" for name, code in outcome.exit_codes.items())
    by = f" by {outcome.stopped_by}" if outcome.stopped_by else ""
    cause = outcome.cause.replace("_", " ")
    lines = [f"Run {outcome.run_id} {outcome.state}{by}: {cause}"]
    lines += [f"Exit codes: {exits}"] if exits else ["No container has an exit code"]
    lines += [f"AWS says: {outcome.reason}"] if outcome.reason else []
    lines += [f"Advice: {outcome.advice}"] if outcome.advice else []
    if outcome.backend_id:
        lines.append(f"{KINDS[outcome.backend]}: {outcome.backend_id}")
    return lines
