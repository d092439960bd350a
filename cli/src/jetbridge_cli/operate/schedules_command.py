"""``jetbridge schedules``: schedules of EventBridge Scheduler that start runs."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from jetbridge_cli.asking import confirm
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.firings import Unknown, next_firings
from jetbridge_cli.operate.requests import content_of
from jetbridge_cli.operate.schedules import Schedules
from jetbridge_cli.options import (
    Endpoint,
    Output,
    OutputFormat,
    Profile,
    Region,
    StackName,
    Yes,
)
from jetbridge_cli.problems import Problem, reported
from jetbridge_cli.stack import Stack
from jetbridge_cli.tables import write_table
from jetbridge_cli.writing import moment, write, write_json

app = typer.Typer(no_args_is_help=True, help="Runs that EventBridge Scheduler starts.")

Name = Annotated[str, typer.Argument(help="The schedule's name.")]
Group = Annotated[str, typer.Option("--group", help="Schedule group of EventBridge Scheduler.")]


@app.command("list")
def list_schedules(
    stack: StackName = "jetbridge",
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """List the schedules that start runs in this stack."""
    with reported():
        found = [_facts(each) for each in _of(stack, region, profile, endpoint).all()]
        if output is Output.JSON:
            write_json(found)
            return
        if not found:
            write("No schedule starts runs in this stack.")
            return
        headings = ["name", "group", "state", "when", "time zone", "window", "next", "runs"]
        rows = [[str(each[key] or "") for key in headings] for each in found]
        write_table(headings, rows, [], ["name", "next"])


@app.command("next")
def next_(
    name: Name,
    count: Annotated[int, typer.Option(min=1, max=1000, help="So many.")] = 5,
    group: Group = "default",
    stack: StackName = "jetbridge",
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Show when a schedule fires next, in UTC."""
    with reported():
        schedule = _of(stack, region, profile, endpoint).get(group, name)
        try:
            moments = next_firings(schedule, datetime.now(UTC), count)
        except Unknown as unknown:
            raise Problem(f"{name}: its next firing can't be computed: {unknown}") from unknown
        found = [moment(each.timestamp()) for each in moments]
        if output is Output.JSON:
            write_json(found)
            return
        for each in found:
            write(each)
        if not found:
            write(f"{name} fires no more: it is {_why_not(schedule)}.")


@app.command()
def create(
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON: a start request, or parameters of RunTask or SubmitJob; - reads standard "
            "input."
        ),
    ],
    expression: Annotated[
        str,
        typer.Option(
            help="EventBridge Scheduler's: cron(0 3 * * ? *), rate(1 day), at(2026-11-23T03:00:00)."
        ),
    ],
    role: Annotated[
        str,
        typer.Option(help="ARN of the role by which Scheduler invokes start_run's alias schedule."),
    ],
    timezone: Annotated[str, typer.Option(help="IANA's name of the time zone.")] = "UTC",
    flexible_minutes: Annotated[
        int | None, typer.Option(min=1, max=1440, help="Fire within this number of minutes.")
    ] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Don't fire yet.")] = False,
    group: Group = "default",
    stack: StackName = "jetbridge",
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Make a schedule that starts the request at each firing, and print its ARN."""
    with reported():
        request = content_of(file)
        arn = _of(stack, region, profile, endpoint).create(
            group, name, expression, timezone, role, request, flexible_minutes, enabled=not paused
        )
        write_json({"arn": arn}) if output is Output.JSON else write(arn)


@app.command()
def pause(
    name: Name,
    group: Group = "default",
    stack: StackName = "jetbridge",
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Pause a schedule. It doesn't fire until it is resumed."""
    with reported():
        _of(stack, region, profile, endpoint).set_state(group, name, "DISABLED")
        _done(group, name, "paused", f"{name} is paused.", output)


@app.command()
def resume(
    name: Name,
    group: Group = "default",
    stack: StackName = "jetbridge",
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Resume a paused schedule. Firings that it missed aren't made up for."""
    with reported():
        _of(stack, region, profile, endpoint).set_state(group, name, "ENABLED")
        _done(group, name, "resumed", f"{name} fires again.", output)


@app.command()
def delete(
    name: Name,
    group: Group = "default",
    stack: StackName = "jetbridge",
    yes: Yes = False,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Delete a schedule. Runs that it started continue."""
    with reported():
        schedules = _of(stack, region, profile, endpoint)
        schedules.get(group, name)
        if not yes:
            confirm(f"Delete the schedule {name}?")
        schedules.delete(group, name)
        _done(group, name, "deleted", f"{name} is deleted.", output)


def _done(group: str, name: str, what: str, text: str, output: Output) -> None:
    if output is Output.JSON:
        write_json({"name": name, "group": group, "done": what})
    else:
        write(text)


def _of(stack: str, region: str | None, profile: str | None, endpoint: str | None) -> Schedules:
    return Schedules(Stack(Aws(profile, region, endpoint), stack))


def _facts(schedule: Any) -> dict[str, Any]:
    window = schedule["FlexibleTimeWindow"]
    return {
        "name": schedule["Name"],
        "group": schedule["GroupName"],
        "state": schedule["State"].lower(),
        "when": schedule["ScheduleExpression"],
        "time zone": schedule.get("ScheduleExpressionTimezone", "UTC"),
        "window": f"{window['MaximumWindowInMinutes']} min" if window["Mode"] != "OFF" else "",
        "next": _next(schedule),
        "runs": _what(schedule["Target"].get("Input", "")),
    }


def _next(schedule: Any) -> str | None:
    """The next firing. None if there is none, or if it can't be computed."""
    try:
        found = next_firings(schedule, datetime.now(UTC), 1)
    except Unknown:
        return None
    return moment(found[0].timestamp()) if found else None


def _why_not(schedule: Any) -> str:
    return "paused" if schedule["State"] != "ENABLED" else "over"


def _what(text: str) -> str:
    """The definition in the schedule's request."""
    try:
        request = json.loads(text)
        parameters = request.get("run_task") or request.get("submit_job") or {}
        return str(parameters.get("taskDefinition") or parameters.get("jobDefinition") or "")
    except (ValueError, AttributeError):
        return ""
