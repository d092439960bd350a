"""A trigger that publishes links and then waits for a file, for the DAG ``links``."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_jetbridge.links.publish import publish
from airflow_provider_jetbridge.links.urls import of_launched
from airflow_provider_jetbridge.triggers.killed import Task
from jetbridge.contract import Launched

STACK = "jetbridge"
RUN_ID = "mzxw6ytboi4dgmrtgq2t"
LAUNCHED = Launched(
    run_id=RUN_ID,
    backend="ecs",
    region="cn-north-1",
    backend_id="arn:aws-cn:ecs:cn-north-1:123456789012:task/etl/0f1e",
    launched_at=1_767_225_600.0,
)


class Publishes(BaseTrigger):
    def __init__(self, *, task_key: list[Any], release: str) -> None:
        super().__init__()
        self.task_key = task_key
        self.release = release

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "linking.Publishes", {"task_key": self.task_key, "release": self.release}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        taken = await publish(Task(*self.task_key), of_launched(LAUNCHED, STACK))
        while not Path(self.release).exists():
            await asyncio.sleep(0.2)
        yield TriggerEvent({"taken": taken})
