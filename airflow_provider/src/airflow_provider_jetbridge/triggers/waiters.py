"""Triggers that wait for news about a run, and the news that each of them gets."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

log = logging.getLogger(__name__)


class News(NamedTuple):
    """News about one run, as JSON text: its ``Waiting`` or ``Launched`` record, or its ``Outcome``.
    The outcome is the last news."""

    kind: Literal["waiting", "launched", "outcome"]
    text: str


@dataclass(eq=False)
class Waiter:
    """A waiting trigger, with the logging context that leads to its task's log."""

    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    heard: dict[str, str] = field(default_factory=dict)
    news: list[News] = field(default_factory=list)
    outcome: str | None = None
    error: Exception | None = None

    def warn(self, message: str) -> None:
        self.context.run(log.warning, "%s", message)

    def hears(self, news: News) -> None:
        """Keep this news. Of each kind only the latest is kept until the trigger asks for it."""
        if self.heard.get(news.kind) == news.text:
            return
        self.heard[news.kind] = news.text
        self.news = [*(each for each in self.news if each.kind != news.kind), news]
        self.changed.set()

    def has_ended(self, outcome: str) -> None:
        self.outcome = outcome
        self.changed.set()

    def fails(self, error: Exception) -> None:
        self.error = error
        self.changed.set()
