"""A task's container in a form that both services use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..runner.base import ContainerPlan
from .awslogs import LogTarget

DEFAULT_STOP_TIMEOUT_SECONDS = 30
"""``stopTimeout`` of a container definition that doesn't set it: API_ContainerDefinition."""


@dataclass(frozen=True, kw_only=True)
class TaskContainer:
    """What to run, with which secrets (name to ``valueFrom``), where its output goes, and what its
    end means for the task. ``depends_on`` has pairs of container name and condition."""

    plan: ContainerPlan
    secrets: Mapping[str, str] = field(default_factory=dict)
    log: LogTarget | None = None
    essential: bool = True
    stop_timeout: float = DEFAULT_STOP_TIMEOUT_SECONDS
    depends_on: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return self.plan.name


def pairs(environment: list[dict[str, Any]] | None) -> dict[str, str]:
    """``[{name, value}]`` as a dict. If a name occurs twice, the last value counts."""
    return {entry["name"]: entry.get("value", "") for entry in environment or []}


def name_values(environment: Mapping[str, str]) -> list[dict[str, str]]:
    """A dict as ``[{name, value}]``."""
    return [{"name": name, "value": value} for name, value in environment.items()]
