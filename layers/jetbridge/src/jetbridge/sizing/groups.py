"""Groups of runs that get one advice."""

import hashlib
import re

from msgspec import Struct

from jetbridge.contract import (
    AirflowCaller,
    Caller,
    Outcome,
    PersonCaller,
    ScheduleCaller,
    encode,
    kind_of,
)
from jetbridge.runs.names import last_segment
from jetbridge.sizing.fargate import Size

_FARGATE = "FARGATE"
# Amazon ECS developer guide, "Amazon ECS resource IDs": 32 hexadecimal digits, or once a UUID.
_TASK_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY_PREFIX = "size-"


class Group(Struct, frozen=True, order=True):
    """A group of runs. The size comes from the definition or from an override."""

    who: str
    definition: str
    size: Size
    architecture: str

    @property
    def key(self) -> str:
        """The key of the group's item in the outcomes table. No run id has this form."""
        size = [float(self.size.vcpu), self.size.memory_mib]
        text = encode([self.who, self.definition, *size, self.architecture])
        return _KEY_PREFIX + hashlib.sha256(text.encode()).hexdigest()[:32]


def group_of(outcome: Outcome) -> Group | None:
    """A run's group. None if it didn't run on Fargate, or if AWS's record has no size."""
    usage = outcome.usage
    if usage is None or usage.launch_type != _FARGATE:
        return None
    definition = last_segment(outcome.definition or "")
    name = definition.rpartition(":")[0] or definition
    size = Size(usage.vcpu, usage.memory_mib)
    return Group(who_asked(outcome.caller), name, size, usage.architecture)


def who_asked(caller: Caller) -> str:
    """The Airflow task as ``dag.task``, or the other caller in a few words."""
    match caller:
        case AirflowCaller():
            return f"{caller.dag_id}.{caller.task_id}"
        case ScheduleCaller():
            return f"schedule {last_segment(caller.schedule_arn)}"
        case PersonCaller():
            return caller.name
        case _:
            return f"{kind_of(caller)} {caller.rule or caller.event_id}"


def task_ids(outcome: Outcome) -> list[str]:
    """Task ids of the last launch. For a Batch job these are the ids of its attempts' tasks, which
    are in the names of their log streams (AWS Batch user guide, "Using the awslogs log driver")."""
    if outcome.backend_id is None:
        return []
    named = (
        [last_segment(outcome.backend_id)]
        if outcome.backend == "ecs"
        else [last_segment(each.stream) for each in outcome.log_streams]
    )
    return list(dict.fromkeys(each for each in named if _TASK_ID.fullmatch(each)))
