"""Where a container's definition, or AWS's record of a job, sends its output."""

from collections.abc import Iterator
from typing import Any

from jetbridge.domain.run import LogSource

# AWS Batch user guide, "Using the awslogs log driver": the group when none is configured.
DEFAULT_LOG_GROUP = "/aws/batch/job"


def task_log_source(container: dict[str, Any]) -> LogSource:
    """Of one of ``containerDefinitions`` of an ECS task definition."""
    configuration = container.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    driver = configuration.get("logDriver", "none")
    return LogSource(
        container=container["name"],
        driver=driver,
        essential=container.get("essential", True),
        group=options.get("awslogs-group") if driver == "awslogs" else None,
        prefix=options.get("awslogs-stream-prefix"),
        region=options.get("awslogs-region"),
    )


def job_log_sources(definition: dict[str, Any]) -> list[LogSource]:
    """Of a Batch job definition, or a record of DescribeJobs: its container, or those of
    ``taskProperties``; of a multi-node job, those of its first range of nodes."""
    return [_job_log_source(name, each) for name, each in _job_containers(definition)]


def _job_containers(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    nodes = (definition.get("nodeProperties") or {}).get("nodeRangeProperties") or []
    if nodes:
        definition = nodes[0]
    tasks = (definition.get("ecsProperties") or {}).get("taskProperties") or []
    for task in tasks:
        for container in task.get("containers") or []:
            yield container.get("name", "default"), container
    if not tasks:
        container = definition.get("containerProperties") or definition.get("container")
        yield "default", container or {}


def _job_log_source(name: str, container: dict[str, Any]) -> LogSource:
    configuration = container.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    driver = configuration.get("logDriver", "awslogs")
    group = options.get("awslogs-group", DEFAULT_LOG_GROUP)
    return LogSource(
        container=name,
        driver=driver,
        essential=container.get("essential", True),
        group=group if driver == "awslogs" else None,
        region=options.get("awslogs-region"),
    )
