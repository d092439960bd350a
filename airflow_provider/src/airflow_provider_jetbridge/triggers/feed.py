"""What ended lately, as the outcomes table's index tells it."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Executor
from typing import ClassVar

from airflow_provider_jetbridge.triggers.outcomes import (
    FEED_INDEX,
    NoFeed,
    OutcomesReader,
    OutcomesTable,
)

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60.0
"""How far each Query looks back.

It has no cursor: asking for a whole minute each time makes up for an index that lags, and for
clocks of the triggerer and of Lambda that differ by less. Where they differ by more, a run's
outcome is found by its round.
"""

WITHOUT_FEED_SECONDS = 300.0
"""How long an index that can't be queried is let alone."""


class Feed:
    """Asks the index, or says that there is none to ask."""

    _told: ClassVar[set[OutcomesTable]] = set()
    """Tables of which this process has said that they have no index."""

    def __init__(self, reader: OutcomesReader) -> None:
        self._reader = reader
        self._not_before = 0.0

    async def ended(self, thread: Executor) -> list[str] | None:
        """Ids of the runs that ended lately, whoever waits for them; None without the index.

        Raises:
            ClientError, BotoCoreError: the index couldn't be queried this time.
        """
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before:
            return None
        after = time.time() - WINDOW_SECONDS
        try:
            ended = await loop.run_in_executor(thread, self._reader.ended_since, after)
        except NoFeed as error:
            self._not_before = loop.time() + WITHOUT_FEED_SECONDS
            self._tell(error)
            return None
        if self._reader.table in self._told:
            self._told.discard(self._reader.table)
            name = self._reader.table.name
            log.info("Index %s of outcomes table %s can be queried", FEED_INDEX, name)
        return ended

    def _tell(self, error: NoFeed) -> None:
        if self._reader.table in self._told:
            return
        self._told.add(self._reader.table)
        log.warning(
            "Index %s of outcomes table %s can't be queried (%s). Every waiting run is looked up in"
            " each pass instead, a BatchGetItem per hundred. Update Jetbridge's stack, and attach"
            " its AirflowPolicy to this Airflow's role",
            FEED_INDEX,
            self._reader.table.name,
            error,
        )
