"""The ECS task definitions that AWS Batch registers for the jobs it runs.

Batch runs a job as an ECS task. It registers a task definition under the job definition's name and
doesn't remove it: the amazon provider's own system test for Batch deregisters it
(tests/system/amazon/aws/example_batch.py of apache-airflow-providers-amazon 9.39.0). AWS doesn't
document what Batch does if somebody else already has a family of that name. The local cloud doesn't
change that family.
"""

from collections.abc import Callable
from typing import Any

from .job import Job
from .requirements import requirements

type Ecs = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Calls an operation of ECS with its parameters."""

_CONTAINER = ("image", "command", "environment", "secrets")
_CPU_UNITS = 1024


class TaskDefinitions:
    """Registers a task definition for each revision of a job definition when its first job starts.

    Not thread-safe: the engine holds the lock.
    """

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs
        self._registered: set[str] = set()
        self._families: set[str] = set()

    def job_starts(self, job: Job) -> None:
        arn = job.record["jobDefinition"]
        if arn in self._registered:
            return
        self._registered.add(arn)
        parameters = _parameters(job)
        if self._is_free(parameters["family"]):
            self._families.add(parameters["family"])
            self._ecs("RegisterTaskDefinition", parameters)

    def _is_free(self, family: str) -> bool:
        if family in self._families:
            return True
        found = self._ecs("ListTaskDefinitions", {"familyPrefix": family})
        return not found.get("taskDefinitionArns")


def _parameters(job: Job) -> dict[str, Any]:
    container = job.record["container"]
    sizes = requirements(container)
    cpu, memory = int(sizes["VCPU"] * _CPU_UNITS), int(sizes["MEMORY"])
    on_fargate = "FARGATE" in job.record["platformCapabilities"]
    parameters: dict[str, Any] = {
        "family": job.record["jobDefinition"].rsplit("/", 1)[-1].partition(":")[0],
        "networkMode": "awsvpc" if on_fargate else "host",
        "containerDefinitions": [
            {"name": "default", "cpu": cpu, "memory": memory}
            | {member: container[member] for member in _CONTAINER if member in container}
        ],
    }
    if on_fargate:
        sized = {"cpu": str(cpu), "memory": str(memory)}
        parameters |= {"requiresCompatibilities": ["FARGATE"], **sized}
    roles = {"taskRoleArn": "jobRoleArn", "executionRoleArn": "executionRoleArn"}
    return parameters | {to: container[name] for to, name in roles.items() if name in container}
