"""Where a container's definition, or AWS's record of a job, sends its output."""

from collections.abc import Iterator

from jetbridge.aws.records import Fields, Record
from jetbridge.runs.run import LogSource

# AWS Batch user guide, "Using the awslogs log driver": the group when none is configured.
DEFAULT_LOG_GROUP = "/aws/batch/job"
# In place of a log driver: a pod's lines go where the cluster sends them, which Batch doesn't know
# (AWS Batch user guide, "Use CloudWatch Logs to monitor AWS Batch on Amazon EKS jobs").
KUBERNETES = "kubernetes"
# The name of a pod's container that has none (API reference of Batch, EksContainer).
POD_CONTAINER = "Default"


def task_log_source(container: Record) -> LogSource:
    """Where a container in an ECS task definition's ``containerDefinitions`` logs."""
    fields = Fields(container)
    configuration = fields.part("logConfiguration")
    options = configuration.part("options")
    driver = configuration.name("logDriver") or "none"
    return LogSource(
        container=fields.name("name"),
        driver=driver,
        essential=_essential(fields),
        group=options.name("awslogs-group") or None if driver == "awslogs" else None,
        prefix=options.name("awslogs-stream-prefix") or None,
        region=options.name("awslogs-region") or None,
    )


def job_log_sources(definition: Record) -> list[LogSource]:
    """Where the containers of a Batch job log, from its definition or its record in DescribeJobs.

    For a multi-node job, these are the containers of its first range of nodes. For a job on EKS,
    they are those of its pod, and Batch names no place for their lines."""
    fields = Fields(definition)
    pods = [_pod_log_source(each) for each in _pod_containers(fields)]
    return [_job_log_source(name, each) for name, each in _job_containers(fields)] + pods


def _pod_containers(definition: Fields) -> list[Fields]:
    pod = (_first_nodes(definition) or definition).part("eksProperties").part("podProperties")
    return [*pod.parts("initContainers"), *pod.parts("containers")]


def _pod_log_source(container: Fields) -> LogSource:
    return LogSource(container=container.name("name") or POD_CONTAINER, driver=KUBERNETES)


def _first_nodes(definition: Fields) -> Fields:
    ranges = definition.part("nodeProperties").parts("nodeRangeProperties")
    return ranges[0] if ranges else Fields(None)


def _job_containers(definition: Fields) -> Iterator[tuple[str, Fields]]:
    definition = _first_nodes(definition) or definition
    tasks = definition.part("ecsProperties").parts("taskProperties")
    for task in tasks:
        for container in task.parts("containers"):
            yield container.name("name") or "default", container
    if not tasks and not definition.part("eksProperties"):
        yield "default", definition.part("containerProperties") or definition.part("container")


def _job_log_source(name: str, container: Fields) -> LogSource:
    configuration = container.part("logConfiguration")
    options = configuration.part("options")
    driver = configuration.name("logDriver") or "awslogs"
    group = options.name("awslogs-group") or DEFAULT_LOG_GROUP
    return LogSource(
        container=name,
        driver=driver,
        essential=_essential(container),
        group=group if driver == "awslogs" else None,
        region=options.name("awslogs-region") or None,
    )


def _essential(container: Fields) -> bool:
    """Unless it says that it isn't (API references of ECS and Batch, ``essential``)."""
    return not container.denied("essential")
