"""``jetbridge runs``: lists runs in progress and ended runs."""

import time
from typing import Annotated, Any

import typer

from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.filters import Filter
from jetbridge_cli.operate.following import EVERY_SECONDS
from jetbridge_cli.operate.listing import Page, Sort, page_of
from jetbridge_cli.operate.record import Record, caller_text
from jetbridge_cli.operate.tables import Cursor, Tables
from jetbridge_cli.options import (
    CallerName,
    Causes,
    Dag,
    DefinitionName,
    Endpoint,
    Output,
    OutputFormat,
    Profile,
    Region,
    Since,
    StackName,
    States,
    Task,
    Until,
)
from jetbridge_cli.problems import Problem, reported
from jetbridge_cli.repeating import again_and_again
from jetbridge_cli.stack import Stack
from jetbridge_cli.tables import write_table
from jetbridge_cli.writing import duration, moment, say, write, write_json

_HEADINGS = ["run", "state", "cause", "asked for by", "definition", "began", "lasted", "launches"]


def runs(
    stack: StackName = "jetbridge",
    state: States = None,
    cause: Causes = None,
    caller: CallerName = None,
    dag: Dag = None,
    task: Task = None,
    definition: DefinitionName = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int,
        typer.Option(
            min=1, max=10_000, help="The most unfinished runs to list, and the most finished ones."
        ),
    ] = 30,
    sort: Annotated[Sort, typer.Option(help="longest reads all of the time given.")] = Sort.NEWEST,
    next_page: Annotated[
        str | None,
        typer.Option("--next", help="The value of --next that the previous page printed."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show the list again every two seconds.")
    ] = False,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """List runs: first those in progress, then ended runs, newest first.

    A run is listed until 14 days after its end.
    """
    with reported():
        wanted = Filter.of(state, cause, caller, dag, task, definition, since, until)
        behind = Cursor.parsed(next_page) if next_page else None
        if behind is not None and sort is Sort.LONGEST:
            raise Problem("--next: --sort longest has no pages: give a larger --limit")
        tables = Tables.of(Stack(Aws(profile, region, endpoint), stack))

        def show() -> None:
            page = page_of(tables, wanted, limit, sort, behind)
            if output is Output.JSON:
                write_json(_as_json(page))
            else:
                _write(page)

        if watch:
            again_and_again(show, EVERY_SECONDS)
        else:
            show()


def _as_json(page: Page) -> dict[str, Any]:
    return {
        "runs": [record.as_json() for record in page.records],
        "unfinished_left_out": page.left_out,
        "next": str(page.next) if page.next else None,
    }


def _write(page: Page) -> None:
    if not page.records:
        write("No such runs.")
        return
    write_records(page.records)
    if page.left_out:
        say(f"{page.left_out} more are unfinished: give a larger --limit")
    if page.next:
        say(f"More: --next {page.next}")


def write_records(records: list[Record]) -> None:
    """The table of runs."""
    rows = [row_of(record) for record in records]
    write_table(_HEADINGS, rows, ["lasted", "launches"], whole=["run", "state"])


def row_of(record: Record) -> list[str]:
    """The run's row in the table."""
    began, shown = record.began_at, record.as_json()
    lasted = record.seconds
    if lasted is None and not record.finished and began is not None:
        lasted = max(0.0, time.time() - began)
    return [
        record.run_id,
        record.state,
        record.cause,
        caller_text(record.caller),
        record.definition,
        moment(began) if began is not None else "",
        duration(lasted) if lasted is not None else "",
        str(shown["launches"] or ""),
    ]
