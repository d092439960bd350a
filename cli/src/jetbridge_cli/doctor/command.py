"""``jetbridge doctor``."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from jetbridge_cli.aws import Aws
from jetbridge_cli.doctor.checks import CHECKS, Check
from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.examination import NOT_CHECKED, Examination, examined
from jetbridge_cli.doctor.trial import CHECK, request_in, trial
from jetbridge_cli.options import Endpoint, Output, OutputFormat, Profile, Region, StackName
from jetbridge_cli.problems import Problem, reported
from jetbridge_cli.repeating import again_and_again
from jetbridge_cli.writing import counted, errors, write, write_json, write_prose

EVERY_SECONDS = 60


def doctor(
    stack: StackName = "jetbridge",
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    test: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also start a real run: a JSON file with run_task or submit_job.",
        ),
    ] = None,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds to wait for the outcome of that run.")
    ] = 600,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again every minute, until Ctrl-C.")
    ] = False,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Find what is wrong with a deployed stack, and say how to fix it.

    Only reads, unless --test starts a run. Exit code 0: nothing is wrong. 1: something is wrong. 2:
    nothing was found, but some checks could not be made. With --watch, the code is that of the last
    time.
    """
    codes = [NOT_CHECKED]
    with reported(NOT_CHECKED):
        if watch and test is not None:
            raise Problem("--watch: it would start a run each minute: leave out --test or --watch")
        checks: dict[str, Check] = dict(CHECKS)
        if test is not None:
            checks[CHECK] = partial(trial, request=request_in(test), patience=patience)
        aws = Aws(profile, region, endpoint)

        def examine() -> None:
            found = _examined(Deployment(aws, stack), checks)
            if output is Output.JSON:
                write_json(_as_json(found))
            else:
                _write(found, len(checks))
            codes.append(found.exit_code)

        if watch:
            again_and_again(examine, EVERY_SECONDS)
        else:
            examine()
    raise typer.Exit(codes[-1])


def _examined(deployment: Deployment, checks: dict[str, Check]) -> Examination:
    with errors().status("checking") as status:
        return examined(deployment, checks, lambda name: status.update(f"checking: {name}"))


def _as_json(found: Examination) -> dict[str, Any]:
    return {
        "healthy": not found.findings and not found.unchecked,
        "findings": [asdict(each) | {"link": each.link} for each in found.findings],
        "unchecked": [asdict(each) for each in found.unchecked],
        "notes": [asdict(each) for each in found.notes],
    }


def _write(found: Examination, checks: int) -> None:
    for finding in found.findings:
        write_prose(f"{finding.check}: {finding.subject}: {finding.problem}", "✗")
        write(f"    fix   {finding.fix}")
        write(f"    read  {finding.link}")
    for each in found.unchecked:
        named = f"needs {each.permission}" if each.permission else "failed"
        write_prose(f"{each.check}: not checked, {named}: {each.why}", "?")
    for note in found.notes:
        write_prose(f"{note.check}: {note.text}", "-")
    summary = counted(len(found.findings), "finding")
    if found.unchecked:
        summary += f", {counted(len(found.unchecked), 'check')} not finished"
    write(
        f"{counted(checks, 'check')}: {summary}."
        if found.findings or found.unchecked
        else f"{counted(checks, 'check')}: nothing is wrong."
    )
