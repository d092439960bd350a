"""Reminds the task's log that a run still isn't launched or running."""

from __future__ import annotations

import asyncio

from airflow_provider_jetbridge.story import Storyteller

AFTER_SECONDS = 30.0


class Reminders:
    """Calls a storyteller's ``remind`` twice a minute while its trigger waits.

    The timer keeps the trigger's logging context.
    """

    def __init__(self, run_id: str, story: Storyteller) -> None:
        self._run_id = run_id
        self._story = story
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        self._again()

    async def __aexit__(self, *error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _again(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(AFTER_SECONDS, self._remind)

    def _remind(self) -> None:
        if self._story.remind(self._run_id):
            self._again()
