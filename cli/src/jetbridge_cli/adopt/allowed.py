"""Turns the names in DAGs into ARNs for the stack's parameters, and into a file for SAM."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jetbridge_cli.init.files import samconfig

RUN_BY_JETBRIDGE = ("adopted", "jetbridge")
"""Verdicts for tasks whose containers Jetbridge starts."""

PARAMETERS: Mapping[str, tuple[str, str]] = {
    "clusters": ("ClusterArns", "ecs:{region}:{account}:cluster/"),
    "task_definitions": ("TaskDefinitionArns", "ecs:{region}:{account}:task-definition/"),
    "job_queues": ("JobQueueArns", "batch:{region}:{account}:job-queue/"),
    "job_definitions": ("JobDefinitionArns", "batch:{region}:{account}:job-definition/"),
    "roles": ("PassableRoleArns", "iam::{account}:role/"),
    "log_groups": ("ContainerLogGroupArns", "logs:{region}:{account}:log-group:"),
}
"""By the report's key: the parameter in template.yaml, and the beginning of its ARNs."""

_WITH_REVISIONS = ("task_definitions", "job_definitions")


@dataclass(frozen=True)
class Place:
    """The partition, region and account of names. ``*`` stands for an unknown part, as in IAM."""

    region: str = "*"
    account: str = "*"
    partition: str = "aws"

    def arn(self, kind: str, name: str) -> str:
        """The ARN pattern that allows this name of a DAG."""
        arn = name
        if not name.startswith("arn:"):
            begin = PARAMETERS[kind][1].format(region=self.region, account=self.account)
            arn = f"arn:{self.partition}:{begin}{name}"
        last = arn.rpartition("/")[2]
        if kind in _WITH_REVISIONS and ":" not in last:
            # Only AWS knows which revision is the newest.
            return f"{arn}:*"
        return f"{arn}:*" if kind == "log_groups" and not arn.endswith(":*") else arn


def stack_parameters(tasks: Iterable[Mapping[str, Any]], place: Place) -> dict[str, list[str]]:
    """The ARNs that Jetbridge's tasks need, by parameter. Empty parameters are left out.

    The containers' log groups are left out, too. A list of groups would exclude all other groups,
    and only the definitions have the complete list (`definitions`).
    """
    found: dict[str, set[str]] = {}
    for task in tasks:
        if task["verdict"] in RUN_BY_JETBRIDGE:
            for kind, (parameter, _) in PARAMETERS.items():
                names = task["needs"][kind] if kind != "log_groups" else ()
                found.setdefault(parameter, set()).update(place.arn(kind, each) for each in names)
    return {parameter: sorted(arns) for parameter, arns in found.items() if arns}


def as_sam_config(
    parameters: Mapping[str, list[str]], remarks: Iterable[str], place: Place = Place()
) -> str:
    """A file for ``sam deploy --config-file``, with comments at the top."""
    values = {name: ",".join(arns) for name, arns in parameters.items()}
    region = None if place.region == "*" else place.region
    file = samconfig("jetbridge", region, values, by="jetbridge adopt check")
    return "".join(f"# {remark}\n" for remark in remarks) + file
