"""``jetbridge logs``: a run's lines."""

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.finding_runs import known
from jetbridge_cli.operate.following import follow
from jetbridge_cli.operate.log_lines import LogLine, Reader, places_of
from jetbridge_cli.operate.tables import Tables
from jetbridge_cli.operate.times import moment_of
from jetbridge_cli.options import (
    Endpoint,
    Output,
    OutputFormat,
    Profile,
    Region,
    RunArgument,
    StackName,
)
from jetbridge_cli.problems import Problem, reported
from jetbridge_cli.stack import Stack
from jetbridge_cli.writing import one_line, say, write_json


def logs(
    run_id: RunArgument,
    stack: StackName = "jetbridge",
    follow_on: Annotated[
        bool, typer.Option("--follow", "-f", help="Follow the log until the run has ended.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="Lines since: 30m, 6h, 3d ago or ISO 8601.")
    ] = None,
    grep: Annotated[
        str | None, typer.Option("--grep", help="Only lines that match this regular expression.")
    ] = None,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Show the log lines of all containers, attempts and launches of a run.

    If there are several sources, each line begins with its source. With --output json, each line is
    one JSON object.
    """
    with reported():
        wanted = _expression(grep)
        at = int(moment_of("--since", since) * 1000) if since else 0
        tables = Tables.of(Stack(Aws(profile, region, endpoint), stack))
        reader = Reader(tables.aws, at)
        record = known(tables, run_id)
        places, notes = places_of(tables.aws, record, tables.aws.dynamodb.meta.region_name)
        for note in notes:
            say(note)
        named = len(places) > 1
        if not follow_on:
            _write(reader.new(places), wanted, output, named)
            return
        for step in follow(tables, record.run_id, reader):
            _write(step.lines, wanted, output, named)
            if step.said:
                say(step.said)


def _expression(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise Problem(f"--grep: {text!r} isn't a regular expression: {error}") from error


def _write(
    lines: list[LogLine], wanted: re.Pattern[str] | None, output: Output, named: bool
) -> None:
    for line in lines:
        if wanted is not None and not wanted.search(line.text):
            continue
        if output is Output.JSON:
            write_json(
                {
                    "at": line.at,
                    "container": line.container,
                    "launch": line.launch,
                    "attempt": line.attempt,
                    "line": line.text,
                },
                indent=None,
            )
        else:
            print(text_of(line, named=named), flush=True)


def text_of(line: LogLine, *, named: bool) -> str:
    """A line for the terminal: with its time, and with its source if ``named``."""
    at = datetime.fromtimestamp(line.at / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    of = f" {line.container}/{line.launch}.{line.attempt}" if named else ""
    return f"{at}{of}  {one_line(line.text)}"
