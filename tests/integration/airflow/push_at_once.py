"""Run by Airflow's interpreter: one outcome is pushed 16 times at once to one deferred task.

Prints a JSON object: ``statuses`` of the 16, and the task's ``state`` afterwards.
"""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance, uuid7
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from sqlalchemy import insert, select, text

from airflow_provider_jetbridge.plugins.endpoint import _resume
from airflow_provider_jetbridge.plugins.fence import TRIGGER, Refusal
from jetbridge.contract import AirflowCaller, Cause, Fault, Outcome, State

PUSHES = 16
RUN = "the-run"
KEY = {"dag_id": "d", "run_id": "r"}


def defer() -> TaskInstance:
    """A task instance as it is a minute after its deferral, without its DAG."""
    now = datetime.now(UTC)
    ti_id = uuid7()
    with create_session() as session:
        # Foreign keys aren't looked at.
        session.execute(text("SET session_replication_role = replica"))
        run = {"run_type": "manual", "state": "running", "run_after": now, "conf": {}}
        session.execute(insert(DagRun.__table__).values(**KEY, **run, clear_number=0))
        trigger = Trigger(classpath=TRIGGER, kwargs={"run_id": RUN})
        trigger.created_date = now - timedelta(minutes=1)
        session.add(trigger)
        session.flush()
        task = {"task_id": "t", "map_index": -1, "try_number": 1, "max_tries": 0}
        task |= {"pool": "default_pool", "pool_slots": 1, "state": "deferred"}
        task |= {"next_method": "execute_complete", "next_kwargs": {}, "trigger_id": trigger.id}
        session.execute(insert(TaskInstance.__table__).values(id=ti_id, **KEY, **task))
    return ti_id


def push(ti_id: Any) -> list[int]:
    outcome = Outcome(
        run_id=RUN,
        state=State.SUCCEEDED,
        cause=Cause.COMPLETED,
        fault=Fault.NOBODY,
        reason="",
        advice="",
        caller=AirflowCaller(**KEY, task_id="t", try_number=1, ti_id=str(ti_id)),
        backend="ecs",
        region="us-east-1",
        finished_at=time.time(),
    )
    together = threading.Barrier(PUSHES)
    statuses: list[int] = []

    def one() -> None:
        together.wait()
        try:
            _resume(ti_id, 1, outcome, {"run_id": RUN, "outcome": {}})
            statuses.append(200)
        except Refusal as refusal:
            statuses.append(int(refusal.status))

    threads = [threading.Thread(target=one) for _ in range(PUSHES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


if __name__ == "__main__":
    waiting = defer()
    statuses = push(waiting)
    with create_session() as session:
        state = session.scalar(select(TaskInstance.state).where(TaskInstance.id == waiting))
    print(json.dumps({"statuses": sorted(statuses), "state": state}))
