"""All the parts of Airflow's private interface that the plugin uses.

These parts exist with the same meaning in Airflow 3.0.6, 3.1.8, 3.2.2 and 3.3.2 (`TESTED_WITH`). If
a version lacks one, this module fails at import. Tests of this module, and of the endpoint on a
real Airflow, show whether a meaning has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.models.taskinstance import TaskInstance, uuid7
from airflow.models.trigger import Trigger
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from sqlalchemy import select, update

from airflow_provider_jetbridge.plugins.fence import TRIGGER, TaskTry, Waiting

if TYPE_CHECKING:
    from fastapi import Request
    from sqlalchemy.orm import Session

__all__ = ["TESTED_WITH", "GetUserDep", "LockedTask", "authorize", "locked_task"]

TESTED_WITH = ("3.0", "3.1", "3.2", "3.3")

_may_edit_task_instances: Any = requires_access_dag(
    method="PUT", access_entity=DagAccessEntity.TASK_INSTANCE
)


def authorize(request: Request, dag_id: str, user: Any) -> None:
    """Allow users who may edit the task instances of a DAG.

    This is Airflow's own dependency. In every version it looks for the DAG among the request's path
    parameters, but the push endpoint's path has no DAG.

    Raises:
        HTTPException: 403.
    """
    request.path_params["dag_id"] = dag_id
    _may_edit_task_instances(request, user)


@dataclass(frozen=True)
class LockedTask:
    """A task instance whose row is locked until the transaction ends."""

    row: Any
    session: Session

    def read(self) -> TaskTry:
        ti = self.row
        event = (ti.next_kwargs or {}).get("event")
        return TaskTry(
            ti_id=str(ti.id),
            try_number=ti.try_number,
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=ti.task_id,
            map_index=ti.map_index,
            state=ti.state,
            next_method=ti.next_method,
            resumed_with=event.get("run_id") if isinstance(event, dict) else None,
            waiting=self._waiting(),
        )

    def resume(self, payload: dict[str, Any]) -> None:
        """Resume the task as the triggerer does with a trigger's event."""
        Trigger.submit_event(self.row.trigger_id, TriggerEvent(payload), session=self.session)

    def _waiting(self) -> Waiting | None:
        if self.row.trigger_id is None:
            return None
        trigger: Any = self.session.get(Trigger, self.row.trigger_id)
        if trigger is None:
            return None
        arguments = trigger.kwargs if trigger.classpath == TRIGGER else {}
        return Waiting(
            trigger=trigger.classpath,
            run_id=arguments.get("run_id"),
            attached_try=arguments.get("attached_try"),
            held=arguments.get("held", True),
            waits_since=arguments.get("waits_since", arguments.get("deferred_at")),
            seconds=(datetime.now(UTC) - trigger.created_date).total_seconds(),
        )


def statement(ti_id: UUID) -> Any:
    """Select the row for update, and lock no other row."""
    # Airflow's ids are strings before 3.2.
    key = type(uuid7())(str(ti_id))
    return select(TaskInstance).where(TaskInstance.id == key).with_for_update(of=TaskInstance)


@contextmanager
def locked_task(ti_id: UUID) -> Iterator[LockedTask | None]:
    """The task instance with this id, in its own transaction. The transaction commits at the end.

    The session isn't the request's (``SessionDep``), because Airflow 3.0 and 3.1 commit that one
    after they have sent the answer.
    """
    selected = statement(ti_id)
    with create_session(scoped=False) as session:
        if session.get_bind().dialect.name == "sqlite":
            # SQLite has no SELECT … FOR UPDATE, but a transaction that begins with a write locks
            # the database.
            unchanged = {"state": TaskInstance.state, "updated_at": TaskInstance.updated_at}
            session.execute(
                update(TaskInstance).where(selected.whereclause).values(unchanged),
                execution_options={"synchronize_session": False},
            )
        row = session.scalar(selected)
        yield LockedTask(row, session) if row is not None else None
