"""The ECS task definitions that AWS Batch registers for the jobs it runs.

Batch runs a job as an ECS task of a definition that it registers under the job definition's name,
and leaves behind: the amazon provider's own system test for Batch deregisters it
(tests/system/amazon/aws/example_batch.py of apache-airflow-providers-amazon 9.39.0).
"""

from collections.abc import Callable
from typing import Any

from .definitions import requirements
from .job import Job

type Register = Callable[[dict[str, Any]], object]

_CONTAINER = ("image", "command", "environment", "secrets")
_CPU_UNITS = 1024


class TaskDefinitions:
    """Registers one for each revision of a job definition, when its first job starts.

    ``register`` takes RegisterTaskDefinition's parameters. Not thread-safe: its engine holds the
    lock.
    """

    def __init__(self, register: Register) -> None:
        self._register = register
        self._registered: set[str] = set()

    def job_starts(self, job: Job) -> None:
        arn = job.record["jobDefinition"]
        if arn not in self._registered:
            self._registered.add(arn)
            self._register(_parameters(job))


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
