"""The stack's parameters that DAGs need: what names become as ARNs, and as a file for SAM."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RUN_BY_JETBRIDGE = ("adopted", "jetbridge")
"""Verdicts of tasks whose containers Jetbridge starts."""

PARAMETERS: Mapping[str, tuple[str, str]] = {
    "clusters": ("ClusterArns", "ecs:{region}:{account}:cluster/"),
    "task_definitions": ("TaskDefinitionArns", "ecs:{region}:{account}:task-definition/"),
    "job_queues": ("JobQueueArns", "batch:{region}:{account}:job-queue/"),
    "job_definitions": ("JobDefinitionArns", "batch:{region}:{account}:job-definition/"),
    "roles": ("PassableRoleArns", "iam::{account}:role/"),
    "log_groups": ("ContainerLogGroupArns", "logs:{region}:{account}:log-group:"),
}
"""By the report's word: the parameter of template.yaml, and how its ARNs begin."""

_WITH_REVISIONS = ("task_definitions", "job_definitions")


@dataclass(frozen=True)
class Place:
    """Where names are at home; ``*`` where nobody said it, which the stack takes as IAM does."""

    region: str = "*"
    account: str = "*"
    partition: str = "aws"

    def arn(self, kind: str, name: str) -> str:
        """The pattern that allows what a DAG calls so."""
        arn = name
        if not name.startswith("arn:"):
            begin = PARAMETERS[kind][1].format(region=self.region, account=self.account)
            arn = f"arn:{self.partition}:{begin}{name}"
        last = arn.rpartition("/")[2]
        if kind in _WITH_REVISIONS and ":" not in last:
            # Which revision is the newest only AWS knows.
            return f"{arn}:*"
        return f"{arn}:*" if kind == "log_groups" and not arn.endswith(":*") else arn


def stack_parameters(tasks: Iterable[Mapping[str, Any]], place: Place) -> dict[str, list[str]]:
    """What the tasks that Jetbridge runs need, by parameter; those of nothing are left out.

    The containers' log groups are left out, too: named, they would close all others, and only
    the definitions know them all (`definitions`).
    """
    found: dict[str, set[str]] = {}
    for task in tasks:
        if task["verdict"] in RUN_BY_JETBRIDGE:
            for kind, (parameter, _) in PARAMETERS.items():
                names = task["needs"][kind] if kind != "log_groups" else ()
                found.setdefault(parameter, set()).update(place.arn(kind, each) for each in names)
    return {parameter: sorted(arns) for parameter, arns in found.items() if arns}


def as_sam_config(parameters: Mapping[str, list[str]], remarks: Iterable[str]) -> str:
    """A file for ``sam deploy --config-file``."""
    lines = ["# Written by `jetbridge adopt check`. Deploy it from a checkout of Jetbridge:"]
    lines += ["# sam deploy --guided --config-file <this file, with its whole path>"]
    lines += [f"# {remark}" for remark in remarks]
    lines += ["version = 0.1", "", "[default.deploy.parameters]", 'stack_name = "jetbridge"']
    lines += ["resolve_s3 = true", 'capabilities = "CAPABILITY_IAM"', "parameter_overrides = ["]
    lines += [
        # JSON's text is TOML's, too, for what ARNs have in them.
        f"    {json.dumps(name + '=' + ','.join(arns))},"
        for name, arns in parameters.items()
    ]
    return "\n".join([*lines, "]", ""])
