"""``jetbridge adopt check``."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from jetbridge_cli.adopt.allowed import PARAMETERS, Place, as_sam_config, stack_parameters
from jetbridge_cli.adopt.definitions import look_up, place_of
from jetbridge_cli.adopt.parsing import find_python, parse, reason_of
from jetbridge_cli.aws import Aws
from jetbridge_cli.options import Profile, Region
from jetbridge_cli.problems import reported
from jetbridge_cli.tables import write_table
from jetbridge_cli.writing import counted, write, write_json, write_prose

SOME_STAY = 3

VERBS = {"stays": "stays with the amazon provider", "not chosen": "isn't chosen"}

app = typer.Typer(no_args_is_help=True, help="Adoption of stock operators without an edit.")


class Shown(StrEnum):
    """The format of the result on standard output."""

    TABLE = "table"
    JSON = "json"
    PARAMETERS = "parameters"


@app.callback()
def adopt() -> None:
    """Adoption of stock operators without an edit."""


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="DAGS_FOLDER", help="The folder of the DAGs.")],
    python: Annotated[
        Path | None,
        typer.Option(
            envvar="JETBRIDGE_AIRFLOW_PYTHON",
            help="The Python of an environment with Airflow and the provider; default: that of "
            "`airflow` in PATH.",
        ),
    ] = None,
    adopt: Annotated[
        str, typer.Option(help="As [jetbridge] adopt; default: what is configured, else every DAG.")
    ] = "",
    percent: Annotated[
        float | None, typer.Option(min=0, max=100, help="As [jetbridge] adopt_percent.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Account id for the names in DAGs; default: *, any account.")
    ] = None,
    region: Region = None,
    profile: Profile = None,
    look_up_definitions: Annotated[
        bool,
        typer.Option(
            "--look-up", help="Ask AWS for account and region, and for the definitions' roles."
        ),
    ] = False,
    output: Annotated[
        Shown, typer.Option("--output", "-o", help="A table, JSON, or a file for sam deploy.")
    ] = Shown.TABLE,
) -> None:
    """Show what adoption would do with each ECS and Batch task in a folder.

    Parses the DAGs unchanged and starts nothing. Exit code 0: all chosen tasks can be adopted. 3:
    some tasks stay with the amazon provider's operator, or some files can't be parsed. 1: an error.
    """
    with reported():
        report = parse(find_python(python), folder, adopt, percent)
        place = Place(region or "*", account or "*")
        remarks = ["Roles of the task definitions are missing: --look-up reads them from AWS."]
        found = None
        if look_up_definitions:
            aws = Aws(profile, region)
            place, found = place_of(aws), look_up(aws, report["tasks"])
            remarks = [f"Not read: {problem}" for problem in found.problems]
        parameters = stack_parameters(report["tasks"], place)
        if found is not None:
            groups = {
                group.arn(place.partition, place.region, place.account)
                for group in found.log_groups
            }
            for kind, arns in (("roles", found.roles), ("log_groups", groups)):
                if arns:
                    name = PARAMETERS[kind][0]
                    parameters[name] = sorted({*parameters.get(name, []), *arns})
        remarks += _unknown(report)
        if output is Shown.JSON:
            write_json({**report, "parameters": parameters, "remarks": remarks})
        elif output is Shown.PARAMETERS:
            print(as_sam_config(parameters, remarks, place), end="")
        else:
            _write_table(report, parameters, remarks)
        stays = any(task["verdict"] == "stays" for task in report["tasks"])
        if stays or report["import_errors"]:
            raise typer.Exit(SOME_STAY)


def _unknown(report: dict[str, Any]) -> list[str]:
    return [
        f"{task['dag_id']}.{task['task_id']}: {keyword} is {what}"
        for task in report["tasks"]
        for keyword, what in task["needs"]["unknown"].items()
    ]


def _write_table(
    report: dict[str, Any], parameters: dict[str, list[str]], remarks: list[str]
) -> None:
    headings = ["DAG", "task", "verdict", "the same", "changes"]
    write_table(headings, [_row(task) for task in report["tasks"]], whole=["DAG", "task"])
    write()
    numbers = Counter(task["verdict"] for task in report["tasks"])
    counts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(numbers.items()))
    chosen = f"adopt = {report['adopt']}, {report['percent']:g} %"
    write(f"{counted(len(report['tasks']), 'ECS and Batch task')} ({chosen}): {counts or 'none'}")
    changes = {
        (change["keyword"], change["here"])
        for task in report["tasks"]
        for change in task["changes"]
    }
    for task in report["tasks"]:
        if task["refused"] or task["verdict"] == "not chosen":
            why = "; ".join(task["refused"]) or task["why"]
            write_prose(f"{task['dag_id']}.{task['task_id']} {VERBS[task['verdict']]}: {why}", "!")
    if changes:
        write()
        write_table(["what changes", "here"], sorted(changes))
    if parameters:
        write()
        rows = [[name, arn] for name, arns in parameters.items() for arn in arns]
        write_table(["stack parameter", "needs"], rows)
    for remark in remarks:
        write_prose(remark, "!")
    for file, error in report["import_errors"].items():
        write_prose(f"{file} can't be parsed: {reason_of(error)}", "!")


def _row(task: dict[str, Any]) -> list[str]:
    changes = ", ".join(change["keyword"] for change in task["changes"])
    mapped = " (mapped)" if task["mapped"] else ""
    verdict, same = task["verdict"], ", ".join(task["same"])
    return [task["dag_id"], f"{task['task_id']}{mapped}", verdict, same, changes]
