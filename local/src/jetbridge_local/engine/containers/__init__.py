"""The containers of one task: their logs, their secrets, their order and their ends."""

from .awslogs import Awslogs, LogTarget
from .definition import TaskContainer
from .execution import ContainerObserver, ContainerServices, StartFailure, TaskExecution

__all__ = [
    "Awslogs",
    "ContainerObserver",
    "ContainerServices",
    "LogTarget",
    "StartFailure",
    "TaskContainer",
    "TaskExecution",
]
