"""Makes all checks on one stack."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.doctor.checks import CHECKS, Check
from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Note, Result, Unchecked, unchecked
from jetbridge_cli.problems import Problem

HEALTHY, FOUND, NOT_CHECKED = 0, 1, 2


@dataclass(frozen=True)
class Examination:
    """The results of all checks."""

    findings: list[Finding]
    unchecked: list[Unchecked]
    notes: list[Note]

    @property
    def exit_code(self) -> int:
        if self.findings:
            return FOUND
        return NOT_CHECKED if self.unchecked else HEALTHY


def examined(
    deployment: Deployment,
    checks: Mapping[str, Check] = CHECKS,
    begin: Callable[[str], object] | None = None,
) -> Examination:
    """Make every check. A check that lacks a permission or fails doesn't stop the others.

    Calls ``begin`` with each check's name. Raises Problem if there is no such stack.
    """
    deployment.stack.resources  # noqa: B018 - without the stack there is nothing to check
    results: list[Result] = []
    for name, check in checks.items():
        if begin is not None:
            begin(name)
        results += _results(name, check(deployment))
    return Examination(
        findings=_of(results, Finding),
        unchecked=_of(results, Unchecked),
        notes=_of(results, Note),
    )


def _results(name: str, found: Iterator[Result]) -> Iterator[Result]:
    try:
        yield from found
    except (ClientError, BotoCoreError) as error:
        yield unchecked(name, error)
    except Problem as problem:
        yield Unchecked(check=name, why=str(problem))


Kind = TypeVar("Kind")


def _of(results: Iterable[Result], kind: type[Kind]) -> list[Kind]:
    """The entries in their order, without duplicates."""
    return list(dict.fromkeys(each for each in results if isinstance(each, kind)))
