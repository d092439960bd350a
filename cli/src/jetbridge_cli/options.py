"""Options that the commands share."""

from enum import StrEnum
from typing import Annotated

import typer


class Output(StrEnum):
    """How a result is written to standard output."""

    TABLE = "table"
    JSON = "json"


StackName = Annotated[
    str,
    typer.Option("--stack", envvar="JETBRIDGE_STACK", help="Name of Jetbridge's stack."),
]
Region = Annotated[
    str | None, typer.Option(help="AWS region; default: that of the AWS CLI's configuration.")
]
Profile = Annotated[
    str | None, typer.Option(help="Profile of the AWS CLI's configuration.", envvar="AWS_PROFILE")
]
OutputFormat = Annotated[
    Output, typer.Option("--output", "-o", help="A table, or JSON for scripts.")
]
Queues = Annotated[
    list[str] | None,
    typer.Option(
        "--queue", help="Only this dead-letter queue, by its name in the template; repeatable."
    ),
]
