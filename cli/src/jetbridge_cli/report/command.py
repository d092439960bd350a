"""``jetbridge report``: a page about the runs in a period."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins

from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.filters import Filter
from jetbridge_cli.operate.record import Record
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
    Since,
    StackName,
    Task,
    Until,
)
from jetbridge_cli.problems import Problem, reported
from jetbridge_cli.report.data import report_of
from jetbridge_cli.report.page import page_of
from jetbridge_cli.sizing.groups import sizing_of
from jetbridge_cli.stack import Stack
from jetbridge_cli.writing import write, write_json


def report(
    file: Annotated[
        Path,
        typer.Argument(help="Where the page is written, over what is there; - prints it."),
    ] = Path("jetbridge-report.html"),
    stack: StackName = "jetbridge",
    since: Since = "1d",
    until: Until = None,
    caller: CallerName = None,
    dag: Dag = None,
    task: Task = None,
    definition: DefinitionName = None,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="The most runs with a bar: the newest ones.")
    ] = 300,
    sizing: Annotated[
        bool,
        typer.Option(help="Ask Container Insights what runs on Fargate used, and advise sizes."),
    ] = True,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Write one HTML file about the runs in a period: timeline, lags, failures, cost.

    With --output json, prints the page's figures and writes no file.
    """
    with reported():
        wanted = Filter.of(None, None, caller, dag, task, definition, since, until)
        end = min(wanted.until, time.time())
        if end <= wanted.since:
            raise Problem(f"--until: {until or 'now'} isn't after --since {since}")
        tables = Tables.of(Stack(Aws(profile, region, endpoint), stack))
        found = report_of(
            _records(tables, wanted, end),
            stack=stack,
            region=tables.aws.dynamodb.meta.region_name,
            since=wanted.since,
            until=end,
            limit=limit,
            sizing=partial(sizing_of, tables.aws) if sizing else None,
        )
        if output is Output.JSON:
            write_json(to_builtins(found))
            return
        page = page_of(found)
        if str(file) == "-":
            print(page)
            return
        try:
            file.write_text(page, encoding="utf-8")
        except OSError as error:
            raise Problem(f"FILE: {file} can't be written: {error.strerror}") from error
        write(str(file))


def _records(tables: Tables, wanted: Filter, end: float) -> Iterator[Record]:
    """Runs that ended in the period, and runs in progress that were accepted before its end."""
    seen = set()
    for record in tables.unfinished():
        accepted = record.row.created_at if record.row else 0.0
        if not record.finished and accepted <= end and wanted.is_about(record):
            seen.add(record.run_id)
            yield record
    for _, record in tables.finished(wanted.since, end, rows=True):
        if record.run_id not in seen and wanted(record):
            yield record
