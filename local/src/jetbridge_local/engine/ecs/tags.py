"""Tags of clusters, task definitions and tasks."""

from typing import Any

from ..errors import AwsError
from .clusters import Clusters
from .definitions import TaskDefinitions
from .errors import cluster_not_found, invalid_parameter
from .task import Task

type TagList = list[dict[str, Any]]

_MOST_TAGS = 50


class Tags:
    """Finds the tags under an ARN. Not thread-safe: the engine holds the lock."""

    def __init__(
        self, clusters: Clusters, definitions: TaskDefinitions, tasks: dict[str, Task]
    ) -> None:
        self._clusters = clusters
        self._definitions = definitions
        self._tasks = tasks

    def tag(self, parameters: dict[str, Any]) -> dict[str, Any]:
        tags = self._of(parameters["resourceArn"])
        merged = {tag["key"]: tag for tag in [*tags, *parameters["tags"]]}
        if len(merged) > _MOST_TAGS:
            raise invalid_parameter(f"A resource can have up to {_MOST_TAGS} tags.")
        tags[:] = merged.values()
        return {}

    def untag(self, parameters: dict[str, Any]) -> dict[str, Any]:
        tags = self._of(parameters["resourceArn"])
        tags[:] = [tag for tag in tags if tag["key"] not in parameters["tagKeys"]]
        return {}

    def page(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"tags": list(self._of(parameters["resourceArn"]))}

    def _of(self, arn: str) -> TagList:
        kind = arn.rsplit(":", 1)[-1].partition("/")[0]
        if ":task-definition/" in arn:
            kind = "task-definition"
        if kind == "cluster":
            if (cluster := self._clusters.find(arn)) is None:
                raise cluster_not_found()
            tags: TagList = cluster["tags"]
            return tags
        if kind == "task-definition" and arn in self._definitions.tags:
            return self._definitions.tags[arn]
        if kind == "task" and arn in self._tasks:
            return self._tasks[arn].tags
        if kind in ("task", "task-definition"):
            raise AwsError("ResourceNotFoundException", "The specified resource was not found.")
        raise invalid_parameter(f"The ARN provided is invalid: {arn}")
