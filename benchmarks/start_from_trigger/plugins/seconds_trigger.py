"""A trigger that waits for some seconds and fires what it was given."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class SecondsTrigger(BaseTrigger):
    """``value`` is templated where the task starts from its trigger."""

    def __init__(self, seconds: float, value: str) -> None:
        super().__init__()
        self.seconds = seconds
        self.value = value

    def serialize(self) -> tuple[str, dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {"seconds": self.seconds, "value": self.value}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(self.seconds)
        yield TriggerEvent({"value": self.value})
