"""``jetbridge init``."""

from pathlib import Path
from typing import Annotated

import typer

from jetbridge_cli.asking import can_ask
from jetbridge_cli.aws import Aws
from jetbridge_cli.init.account import Account, look_up
from jetbridge_cli.init.asking import asked, proposal
from jetbridge_cli.init.files import POLICY, SAMCONFIG, policy, samconfig
from jetbridge_cli.init.files import write as write_files
from jetbridge_cli.init.parameters import Choice, airflow_policy, parameters
from jetbridge_cli.options import Endpoint, Output, OutputFormat, Profile, Region, StackName
from jetbridge_cli.problems import Problem, reported
from jetbridge_cli.writing import say, write, write_json

_Names = list[str] | None


def init(
    stack: StackName = "jetbridge",
    cluster: Annotated[
        _Names, typer.Option(help="ECS cluster that tasks may run in; repeatable, or a pattern.")
    ] = None,
    task_definition: Annotated[
        _Names, typer.Option(help="Family that may run; repeatable, or a pattern such as 'etl-*'.")
    ] = None,
    job_queue: Annotated[
        _Names, typer.Option(help="Batch job queue for jobs; repeatable, or a pattern.")
    ] = None,
    job_definition: Annotated[
        _Names, typer.Option(help="Job definition that may run; repeatable, or a pattern.")
    ] = None,
    airflow_logs: Annotated[
        str,
        typer.Option(
            help="Where Airflow keeps its task logs: s3://<bucket>/<prefix>, or a log group's name."
        ),
    ] = "",
    folder: Annotated[Path, typer.Option(help="Where the files are written.")] = Path("deployment"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files there.")] = False,
    region: Region = None,
    profile: Profile = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Don't ask: take the options, or all that the account has."
        ),
    ] = False,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Write the parameters of Jetbridge's stack, and the policy for Airflow's role.

    Lists the account's clusters, task definitions, job queues, job definitions and Airflow logs.
    Asks what Jetbridge may run, and writes samconfig.toml and airflow-policy.json. Changes nothing
    in the account.
    """
    with reported():
        if not (yes or can_ask()):
            raise Problem(
                "Standard input isn't a terminal, so nobody can answer: say --yes, and say with "
                "options what may run"
            )
        account = look_up(Aws(profile, region, endpoint))
        for note in account.notes:
            say(f"note: {note}")
        given = Choice(
            cluster or [],
            task_definition or [],
            job_queue or [],
            job_definition or [],
            airflow_logs,
        )
        proposed = proposal(account, given)
        choice = proposed if yes else asked(account, proposed)
        values = parameters(account, choice)
        texts = {
            SAMCONFIG: samconfig(stack, account.region, values),
            POLICY: policy(airflow_policy(account, stack)),
        }
        write_files(folder, texts, overwrite)
        if output is Output.JSON:
            write_json({"parameters": values, "files": [str(folder / name) for name in texts]})
        else:
            _report(account, stack, folder, values)


def _report(account: Account, stack: str, folder: Path, values: dict[str, str]) -> None:
    for name, value in values.items():
        write(f"{name}={value}")
    if not any(name.endswith("DefinitionArns") for name in values):
        write("Nothing was chosen: the stack will refuse every run.")
    role = next((each.role for each in account.airflows if each.role), "")
    name = role.rpartition("/")[2] or "<the role of Airflow's workers and triggerers>"
    write()
    write("Next, in a clone of Jetbridge's repository:")
    write("  sam build")
    write(f"  sam deploy --config-file {(folder / SAMCONFIG).resolve()}")
    write(
        f"  aws iam put-role-policy --role-name {name} --policy-name {stack} "
        f"--policy-document file://{folder / POLICY}"
    )
