"""The trigger that waits for a task or job of somebody else."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Any

from airflow_provider_jetbridge.triggers.events import launch_event, outcome_event
from airflow_provider_jetbridge.triggers.poller import OutcomePoller
from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger
from jetbridge.contract import ContractError, Launched, clean, decode, read_record


class JetbridgeStateTrigger(JetbridgeRunTrigger):
    """Fires when a task or job that Jetbridge may not have started runs or has ended, or when it
    is time to look again.

    The event is a `JetbridgeRunTrigger`'s, or has ``look_again``.

    :param run_id: under which its end appears in the outcomes table.
    :param what: the task or job, in words for the log.
    :param awaits_running: whether it fires when the containers run.
    :param look_again_at: when the sensor is to ask the stack once more, epoch seconds.

    The further keywords are those of `JetbridgeRunTrigger`. A task that is marked or cleared ends
    nothing: the task or job isn't its own.
    """

    def __init__(
        self, *, what: str, awaits_running: bool, look_again_at: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.what = what
        self.awaits_running = awaits_running
        self.look_again_at = look_again_at

    def serialize(self) -> tuple[str, dict[str, Any]]:
        path, keywords = super().serialize()
        own = {
            "what": self.what,
            "awaits_running": self.awaits_running,
            "look_again_at": self.look_again_at,
        }
        return path, keywords | own

    @property
    def _aim(self) -> str:
        return f"Waiting until {self.what} {'runs or ' if self.awaits_running else ''}has ended"

    @property
    def _subject(self) -> str:
        return self.what

    async def _news(self) -> dict[str, Any]:
        limit = asyncio.timeout(max(self.look_again_at - time.time(), 0))
        try:
            async with limit:
                return await self._state()
        except TimeoutError:
            if not limit.expired():
                raise
            return {"run_id": clean(self.run_id), "look_again": True}

    async def _state(self) -> dict[str, Any]:
        poller = OutcomePoller.shared(self._table())
        async with aclosing(poller.news(self.run_id, eager=self.awaits_running)) as news:
            async for kind, text in news:
                if kind == "outcome":
                    return outcome_event(self.run_id, text, self.log)
                if kind == "launched" and self.awaits_running:
                    launched = self._launched(text)
                    if launched is not None and launched.started_at:
                        return launch_event(self.run_id, launched)
        raise AssertionError("news end with an outcome")

    def _launched(self, text: str) -> Launched | None:
        """None if it can't be read: the end, or a later look, tells."""
        try:
            return decode(Launched, read_record(text))
        except ContractError as error:
            self.log.warning("What is kept of %s can't be read: %s", self.what, error)
            return None

    async def on_kill(self) -> None:
        """Nothing is stopped."""
