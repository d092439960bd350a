"""Reads from the outcomes table's index which runs ended in the last minute."""

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

There is no cursor. Reading a whole minute each time allows for an index that lags, and for a
difference of up to a minute between the triggerer's and Lambda's clocks. If they differ by more,
the run's round finds the outcome (`rounds.Rounds`).
"""

WITHOUT_FEED_SECONDS = 300.0
"""How long to wait before trying again an index that can't be queried."""


class Feed:
    """Queries the index, or says that there is no index."""

    _told: ClassVar[set[OutcomesTable]] = set()
    """Tables without an index that this process has already logged."""

    def __init__(self, reader: OutcomesReader) -> None:
        self._reader = reader
        self._not_before = 0.0

    async def ended(self, thread: Executor) -> list[str] | None:
        """Ids of all runs that ended in the last minute, for any waiter. None without an index.

        Raises:
            ClientError, BotoCoreError: this query of the index failed.
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
