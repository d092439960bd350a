"""Which containers of a task or job decide how it ended."""

from jetbridge.failures.matching import cause_in
from jetbridge.runs.reports import ContainerEnd, Ending
from jetbridge.runs.run import Definition

# What AWS adds to a task besides the definition's containers, if the definition isn't known:
# "How Runtime Monitoring works with Fargate" (Amazon GuardDuty user guide), "Amazon ECS Service
# Connect components" (Amazon ECS developer guide), and the agent's own (aws/amazon-ecs-agent,
# agent/api/container: NetworkPauseContainerName and its like).
AWS_PREFIXES = ("aws-guardduty-agent", "ecs-service-connect", "~internal~ecs")


def own_ends(ending: Ending, definition: Definition | None) -> list[ContainerEnd]:
    """The containers that belong to the definition. AWS may add containers of its own to a task,
    which say nothing about the job. If none has a name from the definition, all count but those
    known to be AWS's. They also count if Batch failed a job and the definition's containers don't
    say why: a cluster may add a container to a pod, such as a proxy, and Kubernetes fails a pod for
    any of its containers ("Pod Lifecycle", kubernetes.io).
    """
    names = {source.container for source in definition.log_sources} if definition else set()
    named = [end for end in ending.containers if end.name in names]
    others = [end for end in ending.containers if not end.name.startswith(AWS_PREFIXES)]
    return named if named and not _failed_for_another(ending, named) else others


def _failed_for_another(ending: Ending, named: list[ContainerEnd]) -> bool:
    if ending.succeeded is not False or any(end.exit_code for end in named):
        return False
    return cause_in([ending.reason, *(end.reason for end in named)]) is None


def deciding_ends(
    ending: Ending, definition: Definition | None, container: str | None = None
) -> list[ContainerEnd]:
    """The containers whose end is the end of the task: the named one, or the essential ones.

    ECS stops a task when an essential container has ended, whatever the others do ("Amazon ECS
    task definition parameters", ``essential``).
    """
    own = own_ends(ending, definition)
    if container is not None:
        return [end for end in own if end.name == container]
    sources = definition.log_sources if definition else []
    optional = {source.container for source in sources if not source.essential}
    return [end for end in own if end.name not in optional]
