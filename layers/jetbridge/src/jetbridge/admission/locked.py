"""Definitions that run as they are: the stack's ``LockedDefinitionArns``.

A caller who may override a container's command can run any program of the image with the
definition's task role. For a locked definition, a request may set the environment. It may not
change which program runs, on which platform, or with how much CPU and memory.
"""

from collections.abc import Iterator
from typing import Any

from jetbridge.admission.allowed import JOB_DEFINITION, TASK_DEFINITION, Allowed
from jetbridge.admission.containers import containers
from jetbridge.admission.shapes import Field
from jetbridge.contract import ContractError

PARAMETER = "LockedDefinitionArns"

# Of ContainerOverride (ECS), ContainerOverrides, TaskContainerOverrides and
# EksContainerOverride (Batch), by their API references.
_OF_CONTAINERS = (
    "command",
    "args",
    "image",
    "cpu",
    "memory",
    "memoryReservation",
    "resourceRequirements",
    "resources",
    "vcpus",
    "instanceType",
    "environmentFiles",
)
# Of RunTask: the platform's version, and what TaskOverride has besides containers and roles.
_OF_TASKS = ("platformVersion", "enableExecuteCommand")
_OF_TASK_OVERRIDES = (
    "cpu",
    "memory",
    "ephemeralStorage",
    "inferenceAcceleratorOverrides",
    "taskRoleArn",
    "executionRoleArn",
)
# Of SubmitJob: parameters stand in for placeholders of the definition's command (AWS Batch user
# guide, "Job definition parameters").
_OF_JOBS = ("parameters", "consumableResourcePropertiesOverride")
_OF_NODES = ("instanceTypes", "consumableResourcePropertiesOverride")


def check_locked(field: Field, parameters: dict[str, Any], allowed: Allowed) -> None:
    """Refuse overrides that change a locked definition.

    Raises:
        ContractError: names the override.
    """
    kind = TASK_DEFINITION if field == "run_task" else JOB_DEFINITION
    name = "taskDefinition" if field == "run_task" else "jobDefinition"
    if not allowed.locks(f"{field}.{name}", parameters[name], kind):
        return
    for path in _changes(field, parameters):
        raise ContractError(
            path,
            f"is an override, and {PARAMETER} locks {parameters[name]}",
            "Leave it out, so that the definition decides; or register a definition that has it",
        )


def _changes(field: Field, parameters: dict[str, Any]) -> Iterator[str]:
    own = _OF_TASKS if field == "run_task" else _OF_JOBS
    yield from _given(field, parameters, own)
    yield from _given(f"{field}.overrides", parameters.get("overrides", {}), _OF_TASK_OVERRIDES)
    for container in containers(field, parameters):
        yield from _given(container.path, container.overrides, _OF_CONTAINERS)
    for index, volume in enumerate(parameters.get("volumeConfigurations", [])):
        # A disk with programs of the caller's choice.
        path = f"{field}.volumeConfigurations[{index}].managedEBSVolume"
        yield from _given(path, volume.get("managedEBSVolume", {}), ("snapshotId",))
    nodes = parameters.get("nodeOverrides", {})
    yield from _given(f"{field}.nodeOverrides", nodes, ("numNodes",))
    for index, node in enumerate(nodes.get("nodePropertyOverrides", [])):
        path = f"{field}.nodeOverrides.nodePropertyOverrides[{index}]"
        yield from _given(path, node, _OF_NODES)


def _given(path: str, owner: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{path}.{name}" for name in names if owner.get(name) not in (None, [], {}))
