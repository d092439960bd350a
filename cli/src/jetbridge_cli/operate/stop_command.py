"""``jetbridge stop`` and ``jetbridge retry``."""

import uuid
from typing import Annotated

import typer

from jetbridge.contract import StopAnswer, to_builtins
from jetbridge_cli.asking import confirm
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.filters import Filter
from jetbridge_cli.operate.finding_runs import known, request_again
from jetbridge_cli.operate.functions import Functions, user
from jetbridge_cli.operate.runs_command import write_records
from jetbridge_cli.operate.tables import Tables
from jetbridge_cli.options import (
    CallerName,
    Dag,
    DefinitionName,
    Endpoint,
    Output,
    OutputFormat,
    Profile,
    Region,
    RunArgument,
    StackName,
    States,
    Task,
    Yes,
)
from jetbridge_cli.problems import Problem, reported
from jetbridge_cli.stack import Stack
from jetbridge_cli.writing import counted, say, write, write_json

SOME_REFUSED = 3


def stop(
    run_ids: Annotated[list[str] | None, typer.Argument(help="These runs.")] = None,
    stack: StackName = "jetbridge",
    state: States = None,
    caller: CallerName = None,
    dag: Dag = None,
    task: Task = None,
    definition: DefinitionName = None,
    every: Annotated[bool, typer.Option("--all", help="All unfinished runs.")] = False,
    reason: Annotated[
        str, typer.Option(help="Shown in AWS, in the outcome and in Airflow.")
    ] = "stopped with the jetbridge command",
    yes: Yes = False,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Stop runs: the named ones, or all runs in progress that the filters select.

    For several runs, counts and lists them first. Exit code 3: some could not be stopped.
    """
    with reported():
        deployed = Stack(Aws(profile, region, endpoint), stack)
        filtered = bool(state or caller or dag or task or definition)
        if bool(run_ids) + filtered + every != 1:
            raise Problem("give run ids, or filters such as --dag, or --all: one of the three")
        chosen = list(run_ids or [])
        if not chosen:
            wanted = Filter.of(state, None, caller, dag, task, definition)
            found = [each for each in Tables.of(deployed).unfinished() if wanted(each)]
            chosen = [each.run_id for each in found if not each.finished]
            if chosen and not yes:
                write_records([each for each in found if not each.finished])
                confirm(f"Stop {counted(len(chosen), 'run')}?")
        answer = Functions(deployed).stop(chosen, reason)
        if output is Output.JSON:
            write_json(to_builtins(answer))
        else:
            _write(answer)
        if answer.refused or answer.unknown:
            raise typer.Exit(SOME_REFUSED)


def _write(answer: StopAnswer) -> None:
    if answer.stopping or not (answer.already_ended or answer.unknown or answer.refused):
        write(f"{counted(len(answer.stopping), 'run')} asked to stop.")
    for run_id in answer.already_ended:
        write(f"{run_id} had ended already.")
    for run_id in answer.unknown:
        say(f"{run_id}: there is no such run")
    for run_id, why in answer.refused.items():
        say(f"{run_id}: not stopped: {why}")


def retry(
    run_id: RunArgument,
    stack: StackName = "jetbridge",
    key: Annotated[
        str | None, typer.Option(help="Idempotency key of the new run; default: a random one.")
    ] = None,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Start a run with an earlier run's request, under a new key, as a person.

    Airflow doesn't learn of it. To run a task again, clear it in Airflow.
    """
    with reported():
        deployed = Stack(Aws(profile, region, endpoint), stack)
        record = known(Tables.of(deployed), run_id)
        if not record.finished:
            raise Problem(
                f"{run_id!r} is unfinished ({record.state}): stop it first, or wait for it"
            )
        again = request_again(record, user(), key or str(uuid.uuid4()))
        answer = Functions(deployed).start(again)
        for warning in answer.warnings:
            say(f"warning: {warning}")
        if output is Output.JSON:
            write_json(to_builtins(answer))
        else:
            write(answer.run_id)
