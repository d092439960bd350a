"""What runs a container: a local process."""

from .base import CannotPull, CannotStart, Container, ContainerPlan, Output, Runner
from .process import ProcessRunner

__all__ = [
    "CannotPull",
    "CannotStart",
    "Container",
    "ContainerPlan",
    "Output",
    "ProcessRunner",
    "Runner",
]
