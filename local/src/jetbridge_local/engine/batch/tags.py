"""Tags of jobs, job definitions, job queues and compute environments."""

from typing import Any

from .definitions import JobDefinitions
from .environments import ComputeEnvironments
from .errors import client_error
from .job import Job
from .queues import JobQueues

_MOST_TAGS = 50


class Tags:
    """Finds the tags under an ARN. Not thread-safe: the engine holds the lock."""

    def __init__(
        self,
        environments: ComputeEnvironments,
        queues: JobQueues,
        definitions: JobDefinitions,
        jobs: dict[str, Job],
    ) -> None:
        self._environments = environments
        self._queues = queues
        self._definitions = definitions
        self._jobs = jobs

    def tag(self, parameters: dict[str, Any]) -> dict[str, Any]:
        tags = self._of(parameters["resourceArn"])
        if len(tags | parameters["tags"]) > _MOST_TAGS:
            raise client_error(f"A resource can have up to {_MOST_TAGS} tags.")
        tags |= parameters["tags"]
        return {}

    def untag(self, parameters: dict[str, Any]) -> dict[str, Any]:
        tags = self._of(parameters["resourceArn"])
        for key in parameters["tagKeys"]:
            tags.pop(key, None)
        return {}

    def list(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"tags": dict(self._of(parameters["resourceArn"]))}

    def _of(self, arn: str) -> dict[str, str]:
        kind, _, name = (
            arn.rpartition(":batch:")[2].partition(":")[2].partition(":")[2].partition("/")
        )
        if kind == "job":
            job = self._jobs.get(name)
            tags = job.tags if job else None
        else:
            find = {
                "job-definition": self._definitions.find,
                "job-queue": self._queues.find,
                "compute-environment": self._environments.find,
            }.get(kind)
            found: dict[str, Any] | None = find(arn) if find else None
            tags = found["tags"] if found else None
        if tags is None:
            raise client_error(f"Resource {arn} not found.")
        return tags
