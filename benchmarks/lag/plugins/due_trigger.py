"""The simplest thing that a deferred task can wait for: a point in time."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class DueTrigger(BaseTrigger):
    """Fires at a time, in epoch seconds, without looking at anything."""

    def __init__(self, due: float) -> None:
        super().__init__()
        self.due = due

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (f"{type(self).__module__}.{type(self).__qualname__}", {"due": self.due})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(self.due - time.time())
        yield TriggerEvent({"due": self.due})
