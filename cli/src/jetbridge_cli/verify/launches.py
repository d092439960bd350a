"""Finds each run's tasks in ECS."""

from collections import defaultdict
from typing import TYPE_CHECKING

from jetbridge.runs.names import LaunchName

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import TaskTypeDef

# DescribeTasks takes up to 100 (API reference).
_AT_ONCE = 100


def task_arns(ecs: "ECSClient", cluster: str, stopped: bool = True) -> list[str]:
    """All tasks of the cluster, including stopped tasks, which ECS keeps for about an hour (API
    reference of DescribeTasks)."""
    pages = ecs.get_paginator("list_tasks")
    return [
        arn
        for status in (["RUNNING", "STOPPED"] if stopped else ["RUNNING"])
        for page in pages.paginate(cluster=cluster, desiredStatus=status)  # type: ignore[arg-type]
        for arn in page["taskArns"]
    ]


def tasks_by_run(ecs: "ECSClient", cluster: str) -> "dict[str, list[TaskTypeDef]]":
    """The tasks by run id."""
    found = defaultdict(list)
    arns = sorted(set(task_arns(ecs, cluster)))
    for start in range(0, len(arns), _AT_ONCE):
        answer = ecs.describe_tasks(cluster=cluster, tasks=arns[start : start + _AT_ONCE])
        for task in answer["tasks"]:
            launch = LaunchName.parse(task.get("startedBy"))
            if launch is not None:
                found[launch.run_id].append(task)
    return dict(found)
