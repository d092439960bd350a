"""Airflow's interpreter runs this: it makes as many deferred task instances as asked for.

They are written to the metadata database as if workers had deferred them one by one, which would
take this machine a quarter of an hour for a thousand. The DAG run's one task instance is copied,
and each copy gets its own trigger. A real triggerer reads them.
"""

# Only the environment that runs this has Airflow and SQLAlchemy.
# mypy: disable-error-code="import-not-found"

import json
import sys
from datetime import UTC, datetime
from typing import Any


def add(trigger: str, kwargs: list[dict[str, Any]]) -> None:
    """Add one deferred task instance for each of ``kwargs``, which are the triggers' arguments."""
    from airflow.models.taskinstance import TaskInstance, uuid7
    from airflow.models.trigger import Trigger
    from airflow.utils.session import create_session
    from sqlalchemy import insert, select

    table = TaskInstance.__table__
    with create_session() as session:
        copied = dict(session.execute(select(table)).mappings().one())
        triggers = [Trigger(classpath=trigger, kwargs=each) for each in kwargs]
        session.add_all(triggers)
        session.flush()
        now = datetime.now(UTC)
        waiting = {
            **copied,
            "state": "deferred",
            "try_number": 1,
            "start_date": now,
            "next_method": "execute_complete",
            "next_kwargs": None,
        }
        session.execute(
            insert(table),
            [
                {**waiting, "id": uuid7(), "map_index": index, "trigger_id": each.id}
                for index, each in enumerate(triggers)
            ],
        )


if __name__ == "__main__":
    add(**json.load(sys.stdin))
