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
from jetbridge_cli.problems import reported
from jetbridge_cli.writing import counted, errors, write, write_json, write_prose


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
    output: OutputFormat = Output.TABLE,
) -> None:
    """Find what is wrong with a deployed stack, and say how to fix it.

    Only reads, unless --test starts a run. Exit code 0: nothing is wrong. 1: something is wrong. 2:
    nothing was found, but some checks could not be made.
    """
    with reported(NOT_CHECKED):
        checks: dict[str, Check] = dict(CHECKS)
        if test is not None:
            checks[CHECK] = partial(trial, request=request_in(test), patience=patience)
        with errors().status("checking") as status:
            deployment = Deployment(Aws(profile, region, endpoint), stack)
            found = examined(deployment, checks, lambda name: status.update(f"checking: {name}"))
        if output is Output.JSON:
            write_json(_as_json(found))
        else:
            _write(found, len(checks))
    raise typer.Exit(found.exit_code)


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
        summary += f", {counted(len(found.unchecked), 'check')} not made to the end"
    write(
        f"{counted(checks, 'check')}: {summary}."
        if found.findings or found.unchecked
        else f"{counted(checks, 'check')}: nothing is wrong."
    )
