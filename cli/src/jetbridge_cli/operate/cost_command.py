"""``jetbridge cost``: what the runs in a period cost."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.filters import Filter
from jetbridge_cli.operate.pricing import By, Sum, summed
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
from jetbridge_cli.problems import reported
from jetbridge_cli.sizing.groups import Sizing, sized_json, sizing_of
from jetbridge_cli.stack import Stack
from jetbridge_cli.tables import write_table
from jetbridge_cli.writing import say, write, write_json, write_prose


def cost(
    stack: StackName = "jetbridge",
    by: Annotated[By, typer.Option(help="What the sums are for.")] = By.DAG,
    since: Since = "7d",
    until: Until = None,
    caller: CallerName = None,
    dag: Dag = None,
    task: Task = None,
    definition: DefinitionName = None,
    sizing: Annotated[
        bool,
        typer.Option(
            "--sizing", help="Ask Container Insights what runs on Fargate used, and advise sizes."
        ),
    ] = False,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Sum what AWS bills for the containers of ended runs, by Fargate's list prices.

    Prices are those of us-east-1. Launches on Fargate Spot are counted at the on-demand price,
    although they cost less. Launches on EC2 have no price, because AWS bills instances and not
    runs.
    """
    with reported():
        wanted = Filter.of(None, None, caller, dag, task, definition, since, until)
        tables = Tables.of(Stack(Aws(profile, region, endpoint), stack))
        found = tables.finished(wanted.since, wanted.until)
        records: Iterable[Record] = (record for _, record in found if wanted(record))
        advised: Sizing | None = None
        if sizing:
            kept = list(records)
            records, advised = kept, sizing_of(tables.aws, kept)
        sums = summed(records, by)
        if output is Output.JSON:
            written = {name: asdict(each) for name, each in sums.items()}
            write_json(written if advised is None else {"sums": written} | _as_json(advised))
            return
        _write(sums, by)
        if advised is not None:
            _write_sizing(advised)


def _as_json(sizing: Sizing) -> dict[str, Any]:
    advice = [sized_json(each) for each in sizing.advice]
    return {"sizing": {"advice": advice, "notes": sizing.notes}}


def _write_sizing(sizing: Sizing) -> None:
    for each in sizing.advice:
        write_prose(f"{each.group.who} ({each.group.definition}): {each.advice}")
    for note in sizing.notes:
        say(note)


def _write(sums: dict[str, Sum], by: By) -> None:
    if not sums:
        write("No run has ended in this time.")
        return
    numbers = ["runs", "vCPU h", "GB h", "USD", "failed", "replaced"]
    rows = [
        [
            name,
            str(each.runs),
            f"{each.vcpu_hours:.3f}",
            f"{each.gb_hours:.3f}",
            *(f"{amount:.4f}" for amount in (each.total, each.failed, each.replaced)),
        ]
        for name, each in sums.items()
    ]
    write_table([by, *numbers], rows, numbers)
    for number, what in (
        (sum(each.on_spot for each in sums.values()), "on Fargate Spot: counted as on demand"),
        (sum(each.on_instances for each in sums.values()), "on instances: not priced per run"),
        (sum(each.unknown for each in sums.values()), "without a size in AWS's record: left out"),
    ):
        if number:
            launches = "launch" if number == 1 else "launches"
            say(f"{number} {launches} {what}")
