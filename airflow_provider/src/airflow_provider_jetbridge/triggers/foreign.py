"""The trigger that waits for a task or job that Jetbridge may not have started."""

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
    """Fires when a task or job runs or has ended, or when it is time to look again.

    Jetbridge may not have started the task or job.

    The event is the same as `JetbridgeRunTrigger`'s, or has ``look_again``.

    :param run_id: the id under which its outcome appears in the outcomes table.
    :param what: the task or job, as a text for the log.
    :param awaits_running: whether the trigger fires when the containers run.
    :param look_again_at: when the sensor should ask the stack again, epoch seconds.

    Also takes the keywords of `JetbridgeRunTrigger`. Marking or clearing the Airflow task stops
    nothing, because it doesn't own the task or job.
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
        raise AssertionError("the news ended without an outcome")

    def _launched(self, text: str) -> Launched | None:
        """The launched record. None if it can't be read. Then the outcome or a later look shows the
        state."""
        try:
            return decode(Launched, read_record(text))
        except ContractError as error:
            self.log.warning("The stored record of %s can't be read: %s", self.what, error)
            return None

    async def on_kill(self) -> None:
        """Stops nothing."""
