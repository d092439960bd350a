"""What runs a container: today a local process, later a container engine."""

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
