"""Airflow's calls to AWS, gathered while they are on record.

The local cloud keeps its newest 50,000 calls, and a thousand runs make more.
"""

import time
from collections import Counter
from typing import Any

from jetbridge_local.cloud import LocalCloud

KEY_ID = "airflow"
_OVERLAP_SECONDS = 30.0
_EVERY_SECONDS = 5.0


class AirflowCalls:
    """The calls under Airflow's access key id, and StopTask of anybody."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._began = self._until = time.time()
        self._calls: dict[tuple[Any, ...], dict[str, Any]] = {}

    def gather(self, now: bool = False) -> None:
        """Collect the new calls; does nothing if it has just done so."""
        at = time.time()
        if not now and at < self._until + _EVERY_SECONDS:
            return
        # A call is recorded when it has been answered, under the time at which it arrived.
        calls = self._cloud.calls(max(self._began, self._until - _OVERLAP_SECONDS))
        self._until = at
        for call in calls:
            if call["access_key"] == KEY_ID or call["operation"] == "StopTask":
                key = call["time"], call["operation"], str(call["identifiers"])
                self._calls[key] = call

    def by_operation(self, since: float = 0.0, until: float = float("inf")) -> Counter[str]:
        """``service:operation`` of Airflow's calls in ``[since, until)``."""
        return Counter(
            f"{call['service']}:{call['operation']}"
            for call in self._calls.values()
            if call["access_key"] == KEY_ID and since <= call["time"] < until
        )

    def throttled(self, since: float = 0.0) -> int:
        """Airflow's calls of ECS that were refused."""
        return sum(
            call["access_key"] == KEY_ID and call["service"] == "ecs" and call["status"] >= 400
            for call in self._since(since)
        )

    def stops(self, stop_function: str, since: float = 0.0) -> int:
        """Calls of StopTask by anybody, and Airflow's of the function that stops runs."""
        return sum(
            call["operation"] == "StopTask"
            or stop_function in str(call["identifiers"].get("FunctionName", ""))
            for call in self._since(since)
        )

    def _since(self, since: float) -> list[dict[str, Any]]:
        return [call for call in self._calls.values() if call["time"] >= since]
