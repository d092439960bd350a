"""State changes from the records of ECS tasks.

Shapes: DescribeTasks (Amazon ECS API reference, "Task"); "Amazon ECS task state change events"
(Amazon ECS developer guide) have it as their detail.
"""

from jetbridge.aws.records import Fields
from jetbridge.backends.containers import container_ends, named_logs
from jetbridge.backends.usage import usage_of_task
from jetbridge.runs.names import last_segment
from jetbridge.runs.reports import RUNNING, Ending, LogName, StateChange

# DELETED is what a stopped task passes to before AWS forgets it (Amazon ECS developer guide, "Task
# lifecycle").
_ENDED = ("STOPPED", "DELETED")
# A change without a version has no place in the order, so it never replaces a recorded one.
_UNKNOWN_RANK = 0
_UNNAMED = "unnamed"


def task_change(task: Fields, run_id: str, launch: int = 1) -> StateChange:
    """The change that a task's record reports, as that of a launch.

    Raises: RecordError
    """
    status = task.needed("lastStatus", empty=True)
    running = status == RUNNING
    return StateChange(
        run_id=run_id,
        launch=launch,
        backend="ecs",
        backend_id=task.needed("taskArn"),
        status=status,
        order=task.integer("version") or _UNKNOWN_RANK,
        place=last_segment(task.needed("clusterArn")),
        definition=task.needed("taskDefinitionArn"),
        started_at=task.moment("startedAt") if running else None,
        log_names=_log_names(task) if running else [],
        ending=_ending(task) if status in _ENDED else None,
    )


def _log_names(task: Fields) -> list[LogName]:
    return named_logs(
        LogName(container=container.name("name"), name=container.name("runtimeId"))
        for container in task.parts("containers")
    )


def _ending(task: Fields) -> Ending:
    return Ending(
        code=task.name("stopCode"),
        reason=task.words("stoppedReason"),
        containers=container_ends(
            (container.name("name") or _UNNAMED, container)
            for container in task.parts("containers")
        ),
        log_names=_log_names(task),
        started_at=task.moment("startedAt"),
        stopped_at=task.moment("stoppedAt"),
        usage=usage_of_task(task),
        pull_started_at=task.moment("pullStartedAt"),
        pull_stopped_at=task.moment("pullStoppedAt"),
    )
