"""Reads a task instance from Airflow's database, with parts of Airflow that aren't public.

These parts exist with the same meaning in Airflow 3.0.6, 3.1.8, 3.2.2 and 3.3.2. If a version lacks
one, this module fails at import, and only the panel is missing (`plugins.jetbridge`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.trigger import Trigger
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from fastapi import HTTPException
from sqlalchemy import select

from airflow_provider_jetbridge.links import buttons
from airflow_provider_jetbridge.plugins.fence import TRIGGER

if TYPE_CHECKING:
    from fastapi import Request
    from sqlalchemy.orm import Session

LINKS = (
    buttons.EcsTaskLink,
    buttons.BatchJobLink,
    buttons.ContainerLogLink,
    buttons.JetbridgeRunLink,
)

_may_read: Any = requires_access_dag(method="GET", access_entity=DagAccessEntity.TASK_INSTANCE)
_may_read_logs: Any = requires_access_dag(method="GET", access_entity=DagAccessEntity.TASK_LOGS)


@dataclass(frozen=True, kw_only=True)
class Key:
    """A task instance. ``map_index`` is -1 for a task that isn't mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1


@dataclass(frozen=True, kw_only=True)
class TaskTry:
    """One try. ``started_at`` and ``ended_at`` are Airflow's times in epoch seconds."""

    ti_id: str
    try_number: int
    state: str | None
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What Airflow knows about a task instance.

    Attributes:
        tries: the oldest first. Empty before the first try.
        fields: the newest try's rendered template fields, if Airflow still has them.
        waits_with: the arguments of the Jetbridge trigger that it waits for. Empty if there is
            none.
        links: the stored addresses by the links' names. An address is empty if it isn't known.
    """

    key: Key
    tries: tuple[TaskTry, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    waits_with: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def runs_through_jetbridge(self) -> bool:
        """Whether Jetbridge runs the task. Only Jetbridge's operators have this field, and only
        adopted tasks have these links."""
        return "jetbridge_stack" in self.fields or bool(self.waits_with or self.links)

    def of(self, try_number: int | None) -> TaskTry | None:
        """The try with this number. The newest try if there is none, or if no number is given."""
        named = [each for each in self.tries if each.try_number == try_number]
        tries = named or self.tries
        return tries[-1] if tries else None


def authorize(request: Request, dag_id: str, user: Any) -> None:
    """Allow users who may read the DAG's task instances. Raises HTTPException (403) for others."""
    # Each version of Airflow looks for the DAG in one of these places.
    request.path_params["dag_id"] = dag_id
    _may_read(request, user)


def may_read_logs(request: Request, user: Any) -> bool:
    """Whether the user may read the logs of the DAG that ``authorize`` has checked."""
    try:
        _may_read_logs(request, user)
    except HTTPException:
        return False
    return True


def known(key: Key) -> Known | None:
    """What Airflow knows about the task instance. None if it doesn't exist."""
    with create_session(scoped=False) as session:
        newest = session.scalar(_of(TaskInstance, key))
        if newest is None:
            return None
        past = session.scalars(_of(TaskInstanceHistory, key)).all()
        tries = {each.try_number: _try(each, each.task_instance_id) for each in past}
        if newest.try_number:
            tries[newest.try_number] = _try(newest, newest.id)
        rendered = session.scalar(
            _of(RenderedTaskInstanceFields, key, RenderedTaskInstanceFields.rendered_fields)
        )
        return Known(
            key=key,
            tries=tuple(tries[number] for number in sorted(tries)),
            fields=rendered if isinstance(rendered, dict) else {},
            waits_with=_waits_with(session, newest.trigger_id),
            links=_links(session, key),
        )


def _of(model: Any, key: Key, *columns: Any) -> Any:
    return select(*(columns or (model,))).where(
        model.dag_id == key.dag_id,
        model.run_id == key.run_id,
        model.task_id == key.task_id,
        model.map_index == key.map_index,
    )


def _try(row: Any, ti_id: Any) -> TaskTry:
    return TaskTry(
        ti_id=str(ti_id),
        try_number=row.try_number,
        state=row.state,
        started_at=_epoch(row.start_date),
        ended_at=_epoch(row.end_date),
    )


def _waits_with(session: Session, trigger_id: int | None) -> Mapping[str, Any]:
    trigger: Any = session.get(Trigger, trigger_id) if trigger_id is not None else None
    return trigger.kwargs if trigger is not None and trigger.classpath == TRIGGER else {}


def _links(session: Session, key: Key) -> dict[str, str]:
    names = {link().xcom_key: link.name for link in LINKS}
    rows = session.execute(_of(XComModel, key, XComModel.key, XComModel.value)).all()
    stored = {
        names[each]: XComModel.deserialize_value(_Stored(value))
        for each, value in rows
        if each in names
    }
    return {name: url for name, url in stored.items() if isinstance(url, str)}


@dataclass(frozen=True)
class _Stored:
    """The argument that ``XComModel.deserialize_value`` takes."""

    value: Any


def _epoch(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment is not None else None
