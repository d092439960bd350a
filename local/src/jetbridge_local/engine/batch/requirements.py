"""What a container needs of processors, memory and GPUs, and the sizes that Fargate has.

Source: API_ResourceRequirement.
"""

from typing import Any

from ..ecs import fargate
from ..errors import AwsError
from .errors import request_error


def requirements(container: dict[str, Any]) -> dict[str, float]:
    """``resourceRequirements`` by type, with the older ``vcpus`` and ``memory``."""
    required: dict[str, float] = {}
    for member, kind in (("vcpus", "VCPU"), ("memory", "MEMORY")):
        if container.get(member):
            required[kind] = float(container[member])
    for requirement in container.get("resourceRequirements", []):
        kind = requirement["type"]
        try:
            required[kind] = float(requirement["value"])
        except ValueError:
            raise request_error(
                f"Resource requirement {kind} must be a number, not {requirement['value']!r}"
            ) from None
    return required


def check_fargate_size(required: dict[str, float]) -> None:
    """Raises AwsError unless Fargate offers this size."""
    if not fargate.is_size(int(required["VCPU"] * 1024), int(required["MEMORY"])):
        raise _size_error(required)


def _size_error(required: dict[str, float]) -> AwsError:
    return request_error(
        f"Fargate resource requirements ({required['VCPU']:g} vCPU, {required['MEMORY']:g} MiB) "
        "not valid."
    )
