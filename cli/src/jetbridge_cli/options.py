"""Options that the commands share."""

from enum import StrEnum
from typing import Annotated

import typer


class Output(StrEnum):
    """The format of a result on standard output."""

    TABLE = "table"
    JSON = "json"


StackName = Annotated[
    str,
    typer.Option("--stack", envvar="JETBRIDGE_STACK", help="Name of Jetbridge's stack."),
]
Region = Annotated[
    str | None,
    typer.Option(
        # boto3 reads only AWS_DEFAULT_REGION, and the AWS CLI both (its user guide,
        # "Configuring environment variables").
        envvar="AWS_REGION",
        help="AWS region; default: that of the AWS CLI's configuration.",
    ),
]
Profile = Annotated[
    str | None, typer.Option(help="Profile of the AWS CLI's configuration.", envvar="AWS_PROFILE")
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        envvar="AWS_ENDPOINT_URL",
        help="URL that takes all calls in AWS's place: a local cloud.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
OutputFormat = Annotated[
    Output, typer.Option("--output", "-o", help="A table, or JSON for scripts.")
]
Queues = Annotated[
    list[str] | None,
    typer.Option(
        "--queue", help="Only this dead-letter queue, by its name in the template; repeatable."
    ),
]

States = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        help="accepted, launching, launched, running, ended, succeeded, failed or stopped; "
        "unfinished or finished for all of these; repeatable.",
    ),
]
Causes = Annotated[
    list[str] | None,
    typer.Option("--cause", help="Of the outcome: application_exit, lost, …; repeatable."),
]
CallerName = Annotated[
    str | None,
    typer.Option(
        "--caller", help="airflow, schedule, event or person; or a person's or schedule's name."
    ),
]
Dag = Annotated[str | None, typer.Option("--dag", help="DAG id.")]
Task = Annotated[str | None, typer.Option("--task", help="Task id.")]
DefinitionName = Annotated[
    str | None,
    typer.Option("--definition", help="Task or job definition: its name, or name:revision."),
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Ended, or was accepted, since: 30m, 6h, 3d ago or ISO 8601."),
]
Until = Annotated[
    str | None,
    typer.Option("--until", help="Ended, or was accepted, until: the same forms as --since."),
]
RunArgument = Annotated[str, typer.Argument(help="The run's id.")]
