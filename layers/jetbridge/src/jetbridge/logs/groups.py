"""The log groups to which the containers of task and job definitions write.

The command lists them for the stack's parameter ContainerLogGroupArns.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from jetbridge.backends.log_sources import job_log_sources, task_log_source
from jetbridge.runs.run import LogSource


class LogGroup(NamedTuple):
    """Attributes:
    region: ``awslogs-region``; "" if the definition doesn't name one.
    """

    name: str
    region: str = ""

    def arn(self, partition: str, region: str, account: str) -> str:
        """What ContainerLogGroupArns takes. ``region`` is the definition's own."""
        return f"arn:{partition}:logs:{self.region or region}:{account}:log-group:{self.name}:*"


def groups_of_task(definition: Any) -> frozenset[LogGroup]:
    """Those of a task definition, as DescribeTaskDefinition answers it."""
    return _groups(map(task_log_source, definition["containerDefinitions"]))


def groups_of_job(definition: Any) -> frozenset[LogGroup]:
    """Those of a job definition, as DescribeJobDefinitions answers it: of its container, of each
    container of ``ecsProperties``, and of all nodes of a multi-node job. A pod has none."""
    several = definition.get("nodeProperties", {}).get("nodeRangeProperties")
    nodes: list[Any] = several or [definition]
    return _groups(source for each in nodes for source in job_log_sources(each))


def _groups(sources: Iterable[LogSource]) -> frozenset[LogGroup]:
    return frozenset(
        LogGroup(source.group, source.region or "") for source in sources if source.group
    )
