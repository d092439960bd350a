"""The containers of one task: their logs, secrets, order and ends."""

from .awslogs import Awslogs, LogTarget
from .definition import TaskContainer
from .execution import ContainerObserver, ContainerServices, StartFailure, TaskExecution
from .insights import ContainerInsights

__all__ = [
    "Awslogs",
    "ContainerInsights",
    "ContainerObserver",
    "ContainerServices",
    "LogTarget",
    "StartFailure",
    "TaskContainer",
    "TaskExecution",
]
