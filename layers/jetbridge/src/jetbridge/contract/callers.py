"""The callers that ask for runs, and the idempotency key of each."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

Text = Annotated[str, Meta(min_length=1, max_length=1024)]

AirflowName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
"""One Airflow of the stack: a name in ``AirflowSecretArn``'s secret, and of the aliases by which
that Airflow invokes the functions (docs/explanation/security.md)."""

DEFAULT_AIRFLOW = "default"

Kind = Literal["airflow", "schedule", "event", "person"]

LARGEST_INTEGER = 2**31 - 1
"""The largest try number and map index: Airflow's columns are 4-byte integers
(airflow/models/taskinstance.py)."""

AirflowId = Annotated[str, Meta(pattern=r"^(?!\.{1,2}\Z)[\w.-]{1,250}\Z")]
"""A DAG id or task id, as Airflow takes it (airflow/sdk/definitions/_internal/node.py,
``validate_key``): up to 250 word characters, dots and dashes. ``.`` and ``..`` would name another
path of Airflow's API and of the log's folders."""

DagRunId = Annotated[
    str, Meta(pattern=r"^(?!\.{1,2}\Z)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,250}\Z")
]
"""Airflow's ``run_id``: up to 250 characters (airflow/models/dagrun.py). Which ones is each
Airflow's own setting (``allowed_run_id_pattern``), so only control characters, line separators and
halves of surrogate pairs are refused."""

TaskInstanceId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")]
"""A task instance's UUID. Airflow 3 makes them of version 7 (airflow/models/taskinstance.py,
``uuid7``), which begin with their time."""


class AirflowCaller(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="airflow"
):
    """One try of an Airflow task instance.

    Attributes:
        ti_id: the task instance's UUID. Airflow gives a new one to each retry and clear, but not
            after every "state mismatch" failure. So (``ti_id``, ``try_number``) identifies a try.
        max_tries: the task instance's own. A clear raises it and a retry doesn't, which
            distinguishes the two (``previous: attach``).
        airflow: the name of the Airflow; absent if it is ``default``. Two Airflows that use one
            stack may have the same DAGs, and their runs stay separate.
    """

    dag_id: AirflowId
    run_id: DagRunId
    task_id: AirflowId
    try_number: Annotated[int, Meta(ge=0, le=LARGEST_INTEGER)]
    ti_id: TaskInstanceId
    map_index: Annotated[int, Meta(ge=-1, le=LARGEST_INTEGER)] = -1
    max_tries: Annotated[int, Meta(ge=-1, le=LARGEST_INTEGER)] | None = None
    airflow: AirflowName | UnsetType = UNSET

    @property
    def airflow_name(self) -> str:
        return DEFAULT_AIRFLOW if isinstance(self.airflow, UnsetType) else self.airflow

    @property
    def key(self) -> str:
        return f"{self.task_key}/{self.ti_id}/{self.try_number}"

    @property
    def task_key(self) -> str:
        """The same for every try of the task instance."""
        ids = "/".join(map(_part, (self.dag_id, self.run_id, self.task_id)))
        return f"{keys_of_airflow(self.airflow_name)}{ids}/{self.map_index}"


class ScheduleCaller(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="schedule"
):
    """One firing of an EventBridge Scheduler schedule.

    Scheduler repeats a failed delivery under another execution id. So the schedule's ARN and the
    planned time identify a firing (context attributes
    ``<aws.scheduler.schedule-arn>`` and ``<aws.scheduler.scheduled-time>``).
    """

    schedule_arn: Text
    scheduled_time: Text

    @property
    def key(self) -> str:
        return f"schedule/{self.schedule_arn}/{_part(self.scheduled_time)}"


class EventCaller(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="event"):
    """One event that an EventBridge rule passed on through its input transformer.

    EventBridge delivers an event at least once, with the same ``id`` each time (Events
    reference, "Event structure"). ``rule`` is any text that names the rule, such as the reserved
    variable ``<aws.events.rule-name>``. If two rules match one event, they are two callers.
    """

    event_id: Text
    rule: Annotated[str, Meta(max_length=1024)] = ""

    @property
    def key(self) -> str:
        return f"event/{_part(self.event_id)}" + (f"/{self.rule}" if self.rule else "")


class PersonCaller(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="person"):
    """A person, or a program that isn't Airflow. They choose the idempotency key themselves."""

    name: Text

    @property
    def key(self) -> None:
        return None


Caller = AirflowCaller | ScheduleCaller | EventCaller | PersonCaller

_KINDS: dict[type, Kind] = {
    AirflowCaller: "airflow",
    ScheduleCaller: "schedule",
    EventCaller: "event",
    PersonCaller: "person",
}


def kind_of(caller: Caller) -> Kind:
    """The caller's kind, as its JSON has it."""
    return _KINDS[type(caller)]


def named(caller: AirflowCaller, airflow: str) -> AirflowCaller:
    """The caller with this name of its Airflow, unless it already names one."""
    if not isinstance(caller.airflow, UnsetType) or airflow == DEFAULT_AIRFLOW:
        return caller
    return replace(caller, airflow=airflow)


def keys_of_airflow(name: str) -> str:
    """The beginning that only the keys of this Airflow's tries have."""
    return "airflow/" if name == DEFAULT_AIRFLOW else f"airflow@{name}/"


def own_key(kind: Kind, idempotency_key: str, airflow: str = DEFAULT_AIRFLOW) -> str:
    """The key of a request that has an ``idempotency_key``.

    Callers of two kinds never have the same key, nor do two Airflows, nor do a caller with an
    ``idempotency_key`` and one without.
    """
    of = f"@{airflow}" if kind == "airflow" and airflow != DEFAULT_AIRFLOW else ""
    return f"{kind}-key{of}/{idempotency_key}"


def _part(text: str) -> str:
    """The text as one part of a key, between slashes."""
    return text.replace("%", "%25").replace("/", "%2F")
