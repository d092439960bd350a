"""``jetbridge watch`` and ``jetbridge run``."""

import time
import uuid
from pathlib import Path
from typing import Annotated

import typer

from jetbridge.contract import Outcome, StartRequest, to_builtins
from jetbridge_cli.asking import can_ask
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.finding_runs import known
from jetbridge_cli.operate.following import (
    STILL_RUNNING,
    Step,
    container_exit_code,
    exit_code_of,
    follow,
)
from jetbridge_cli.operate.functions import Functions, user
from jetbridge_cli.operate.log_lines import Reader
from jetbridge_cli.operate.logs_command import text_of
from jetbridge_cli.operate.requests import request_of
from jetbridge_cli.operate.tables import Tables
from jetbridge_cli.options import (
    Endpoint,
    Output,
    OutputFormat,
    Profile,
    Region,
    RunArgument,
    StackName,
)
from jetbridge_cli.problems import reported
from jetbridge_cli.stack import Stack
from jetbridge_cli.writing import moment, say, write, write_json

# As in `docker run`, 125 means that the command failed, and not the container.
NOT_RUN, NO_EXIT_CODE, DETACHED = 125, 126, 130


def watch(
    run_id: RunArgument,
    stack: StackName = "jetbridge",
    timeout: Annotated[
        float | None,
        typer.Option(min=0, help="Give up after this number of seconds; the run keeps running."),
    ] = None,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Show a run's state until it is done.

    Exit code 0: the run succeeded. 4: it failed. 5: it was stopped. 6: --timeout has passed.
    """
    with reported():
        tables = Tables.of(Stack(Aws(profile, region, endpoint), stack))
        until = None if timeout is None else time.monotonic() + timeout
        for step in follow(tables, known(tables, run_id).run_id):
            if step.said:
                say(_news(step))
            if step.record.outcome is not None:
                if output is Output.JSON:
                    write_json(to_builtins(step.record.outcome))
                raise typer.Exit(exit_code_of(step.record.outcome))
            if until is not None and time.monotonic() >= until:
                if output is Output.JSON:
                    write_json(None)
                raise typer.Exit(STILL_RUNNING)


def run(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="JSON: a start request, or parameters of RunTask or SubmitJob; - reads standard "
            "input."
        ),
    ] = None,
    stack: StackName = "jetbridge",
    cluster: Annotated[str | None, typer.Option(help="RunTask: cluster.")] = None,
    task_definition: Annotated[str | None, typer.Option(help="RunTask: taskDefinition.")] = None,
    launch_type: Annotated[str | None, typer.Option(help="RunTask: launchType.")] = None,
    subnet: Annotated[
        list[str] | None, typer.Option(help="RunTask: awsvpcConfiguration.subnets; repeatable.")
    ] = None,
    security_group: Annotated[
        list[str] | None,
        typer.Option(help="RunTask: awsvpcConfiguration.securityGroups; repeatable."),
    ] = None,
    public_ip: Annotated[
        bool, typer.Option("--public-ip", help="RunTask: assignPublicIp ENABLED.")
    ] = False,
    job_queue: Annotated[str | None, typer.Option(help="SubmitJob: jobQueue.")] = None,
    job_definition: Annotated[str | None, typer.Option(help="SubmitJob: jobDefinition.")] = None,
    container: Annotated[
        str | None, typer.Option(help="RunTask: the container that --env and --command are for.")
    ] = None,
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", help="NAME=VALUE; repeatable.")
    ] = None,
    command: Annotated[
        list[str] | None, typer.Option(help="One word of the container's command; repeatable.")
    ] = None,
    timeout_seconds: Annotated[int | None, typer.Option(min=1, help="Of the run.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the same key is the same run.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Don't follow the run.")] = False,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Start a run and follow it until its end, with its states and log lines.

    The exit code is the deciding container's. 125: the run could not be started. 126: it ended
    without an exit code. Ctrl-C asks whether to stop the run or leave it running (130). Without a
    terminal, it leaves the run running.
    """
    with reported(NOT_RUN):
        flags = {
            "cluster": cluster,
            "taskDefinition": task_definition,
            "launchType": launch_type,
            "jobQueue": job_queue,
            "jobDefinition": job_definition,
        }
        request = request_of(
            file,
            {name: value for name, value in flags.items() if value is not None},
            subnets=subnet or [],
            security_groups=security_group or [],
            public_ip=public_ip,
            container=container,
            environment=env or [],
            command=command or [],
            timeout_seconds=timeout_seconds,
            by=user(),
            key=key or str(uuid.uuid4()),
        )
        deployed = Stack(Aws(profile, region, endpoint), stack)
        _start_and_follow(deployed, request, detach, output)


def _start_and_follow(deployed: Stack, request: StartRequest, detach: bool, output: Output) -> None:
    tables, functions = Tables.of(deployed), Functions(deployed)
    answer = functions.start(request)
    for warning in answer.warnings:
        say(f"warning: {warning}")
    if detach:
        write_json(to_builtins(answer)) if output is Output.JSON else write(answer.run_id)
        return
    say(f"run {answer.run_id}")
    outcome: Outcome | None = None
    asked = False
    while outcome is None:
        try:
            outcome = _followed(tables, answer.run_id, output)
        except KeyboardInterrupt:
            if asked or not _wants_stop(answer.run_id):
                raise typer.Exit(DETACHED) from None
            functions.stop([answer.run_id], "Ctrl-C at jetbridge run")
            asked = True
    if output is Output.JSON:
        write_json(to_builtins(outcome))
    code = container_exit_code(outcome)
    if code is None or (code == 0 and exit_code_of(outcome)):
        code = NO_EXIT_CODE
    raise typer.Exit(code)


def _followed(tables: Tables, run_id: str, output: Output) -> Outcome | None:
    reader = Reader(tables.aws, tolerant=True)
    outcome, warned = None, 0
    for step in follow(tables, run_id, reader):
        for group in reader.denied[warned:]:
            say(f"AWS denies logs:FilterLogEvents on {group}: no lines")
        warned = len(reader.denied)
        for line in step.lines:
            text = text_of(line, named=False)
            if output is Output.JSON:
                say(text)
            else:
                print(text, flush=True)
        if step.said:
            say(_news(step))
        outcome = step.record.outcome
    return outcome


def _news(step: Step) -> str:
    """The state with its time: of the outcome, or else the time of this look."""
    outcome = step.record.outcome
    return f"{moment(outcome.finished_at if outcome else time.time())}  {step.said}"


def _wants_stop(run_id: str) -> bool:
    try:
        if can_ask() and typer.confirm(f"\nStop run {run_id}? No leaves it running", err=True):
            return True
    except typer.Abort:  # Ctrl-C or Ctrl-D in place of an answer
        say("")
    say(f"It keeps running: jetbridge watch {run_id}")
    return False
