"""Who asks for a run, how their requests are told apart, and with whom they share a queue."""

import re
from typing import Annotated

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1, max_length=1024)]

GROUP_LENGTH = 128
_NOT_IN_GROUPS = re.compile(r"[^!-~]")


def _group(name: str) -> str:
    """The name as an SQS ``MessageGroupId``: up to 128 alphanumeric and punctuation characters
    (API reference, SendMessage)."""
    return _NOT_IN_GROUPS.sub("-", name)[:GROUP_LENGTH]


class AirflowCaller(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="airflow"
):
    """One try of an Airflow task instance.

    ``ti_id`` is the task instance's UUID. Airflow gives a new one to each retry and clear, but
    not after every "state mismatch" failure, so a try is known by (``ti_id``, ``try_number``).
    ``max_tries`` is the task instance's own: a clear raises it and a retry doesn't, which tells
    the two apart (``previous: attach``).
    """

    dag_id: Text
    run_id: Text
    task_id: Text
    try_number: Annotated[int, Meta(ge=0)]
    ti_id: Text
    map_index: Annotated[int, Meta(ge=-1)] = -1
    max_tries: int | None = None

    @property
    def key(self) -> str:
        return f"{self.task_key}/{self.ti_id}/{self.try_number}"

    @property
    def task_key(self) -> str:
        """The same for every try of the task instance."""
        return f"airflow/{self.dag_id}/{self.run_id}/{self.task_id}/{self.map_index}"

    @property
    def group(self) -> str:
        """All tasks of a DAG wait for their launch together."""
        return _group(self.dag_id)


class ScheduleCaller(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="schedule"
):
    """One firing of an EventBridge Scheduler schedule.

    Scheduler repeats a failed delivery under another execution id, so a firing is known by the
    schedule's ARN and the time for which it was planned (context attributes
    ``<aws.scheduler.schedule-arn>`` and ``<aws.scheduler.scheduled-time>``).
    """

    schedule_arn: Text
    scheduled_time: Text

    @property
    def key(self) -> str:
        return f"schedule/{self.schedule_arn}/{self.scheduled_time}"

    @property
    def group(self) -> str:
        return _group(self.schedule_arn.rpartition("/")[2] or self.schedule_arn)


class EventCaller(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="event"):
    """One event that an EventBridge rule handed on through its input transformer.

    EventBridge delivers an event at least once, with the same ``id`` each time (Events
    reference, "Event structure"); ``rule`` is any text that tells the rule, such as the reserved
    variable ``<aws.events.rule-name>``. Two rules that match one event are two callers.
    """

    event_id: Text
    rule: Annotated[str, Meta(max_length=1024)] = ""

    @property
    def key(self) -> str:
        return f"event/{self.event_id}" + (f"/{self.rule}" if self.rule else "")

    @property
    def group(self) -> str:
        return _group(self.rule.rpartition("/")[2] or "events")


class PersonCaller(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="person"):
    """A person, or a program that isn't Airflow; they choose the idempotency key themselves."""

    name: Text

    @property
    def key(self) -> None:
        return None

    @property
    def group(self) -> str:
        return _group(self.name)


Caller = AirflowCaller | ScheduleCaller | EventCaller | PersonCaller
