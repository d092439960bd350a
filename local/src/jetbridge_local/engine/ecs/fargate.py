"""Fargate's sizes and its rules for task definitions.

Source: AmazonECS developer guide, task_definition_parameters.html (task size) and
fargate-tasks-services.html.
"""

import re
from collections.abc import Container
from typing import Any

from .errors import client_error, invalid_parameter

_MIB = 1024
_MEMORY_BY_CPU: dict[int, Container[int]] = {
    256: (512, _MIB, 2 * _MIB),
    512: range(_MIB, 4 * _MIB + 1, _MIB),
    1024: range(2 * _MIB, 8 * _MIB + 1, _MIB),
    2048: range(4 * _MIB, 16 * _MIB + 1, _MIB),
    4096: range(8 * _MIB, 30 * _MIB + 1, _MIB),
    8192: range(16 * _MIB, 60 * _MIB + 1, 4 * _MIB),
    16384: range(32 * _MIB, 120 * _MIB + 1, 8 * _MIB),
}
_CPU = re.compile(r"\s*(\d*\.?\d+)\s*(vcpu)?\s*", re.IGNORECASE)
_MEMORY = re.compile(r"\s*(\d*\.?\d+)\s*(gb)?\s*", re.IGNORECASE)
_LARGEST_STOP_TIMEOUT_SECONDS = 120
_LOG_OPTIONS = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix")


def cpu_units(text: str) -> int:
    """``"256"`` or ``".25 vCPU"`` in CPU units. Raises AwsError."""
    return _units(text, _CPU, "cpu")


def memory_mib(text: str) -> int:
    """``"512"`` or ``"0.5 GB"`` in MiB. Raises AwsError."""
    return _units(text, _MEMORY, "memory")


def is_size(cpu: int, memory: int) -> bool:
    """Whether Fargate offers this size."""
    return memory in _MEMORY_BY_CPU.get(cpu, ())


def check(definition: dict[str, Any]) -> None:
    """Raises AwsError if a task definition that requires Fargate can't run there."""
    if definition["networkMode"] != "awsvpc":
        raise client_error("Fargate only supports network mode \u2018awsvpc\u2019.")
    for name in ("cpu", "memory"):
        if name not in definition:
            raise client_error(f"Fargate requires that '{name}' be defined at the task level.")
    if not is_size(int(definition["cpu"]), int(definition["memory"])):
        raise client_error("No Fargate configuration exists for given values.")
    for container in definition["containerDefinitions"]:
        _check_container(definition, container)


def _check_container(definition: dict[str, Any], container: dict[str, Any]) -> None:
    log = container.get("logConfiguration", {})
    if log.get("logDriver") == "awslogs":
        if "executionRoleArn" not in definition:
            raise client_error(
                "Fargate requires task definition to have execution role ARN to support log "
                "driver awslogs."
            )
        missing = [name for name in _LOG_OPTIONS if not log.get("options", {}).get(name)]
        if missing:
            raise client_error(
                f"Log driver awslogs requires options: {', '.join(missing)} "
                f"(container '{container['name']}')"
            )
    if container.get("stopTimeout", 0) > _LARGEST_STOP_TIMEOUT_SECONDS:
        raise client_error(
            f"Invalid setting for container '{container['name']}'. 'stopTimeout' can be at most "
            f"{_LARGEST_STOP_TIMEOUT_SECONDS} seconds on Fargate."
        )


def _units(text: str, pattern: re.Pattern[str], name: str) -> int:
    match = pattern.fullmatch(text)
    if not match:
        raise invalid_parameter(f"Invalid '{name}' setting for task: {text}")
    number, unit = match.groups()
    return int(float(number) * _MIB) if unit else int(float(number))
