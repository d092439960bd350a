"""Triggers that wait for news about a run, and the news that each of them gets."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from dataclasses import dataclass, field

from airflow_provider_jetbridge.triggers.outcomes import News

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Waiter:
    """A waiting trigger, with the logging context that leads to its task's log."""

    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    latest: dict[str, str] = field(default_factory=dict)
    news: list[News] = field(default_factory=list)
    error: Exception | None = None

    def warn(self, message: str) -> None:
        self.context.run(log.warning, "%s", message)

    def add(self, news: News) -> None:
        """Keep this news until the trigger asks for it. Of each kind only the latest is kept, and
        beside an outcome nothing."""
        if self.latest.get(news.kind) == news.text:
            return
        self.latest[news.kind] = news.text
        others = [each for each in self.news if each.kind != news.kind]
        self.news = [news] if news.kind == "outcome" else [*others, news]
        self.changed.set()

    def fail(self, error: Exception) -> None:
        self.error = error
        self.changed.set()
