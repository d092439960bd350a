"""CloudWatch Logs, read."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from jetbridge.contract import LogStream
from jetbridge.domain.lines import Line
from jetbridge.logs.port import StreamMissing

# An empty page isn't the end of a stream; reading backwards, a few may come before the lines.
_EMPTY_PAGES = 5


class CloudWatchLogs:
    """``LogsSource`` on CloudWatch Logs; ``client_of`` gives the client of a region."""

    def __init__(
        self, client_of: Callable[[str], Any], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client_of = client_of
        self._sleep = sleep

    def tail(self, stream: LogStream, limit: int) -> list[Line] | None:
        position: dict[str, Any] = {"startFromHead": False, "limit": limit}
        for _ in range(_EMPTY_PAGES):
            try:
                page = self._page(stream, position)
            except StreamMissing:
                return None
            token = page["nextBackwardToken"]
            if page["events"] or token == position.get("nextToken"):
                return [_line(event) for event in page["events"]]
            position["nextToken"] = token
        return []

    def lines(self, stream: LogStream, settle_seconds: float) -> Iterator[Line]:
        position: dict[str, Any] = {"startFromHead": True}
        settled = False
        while True:
            page = self._page(stream, position)
            yield from map(_line, page["events"])
            token = page["nextForwardToken"]
            if page["events"] or token != position.get("nextToken"):
                settled = False
            elif settled:
                return
            else:
                settled = True
                self._sleep(settle_seconds)
            position["nextToken"] = token

    def _page(self, stream: LogStream, position: dict[str, Any]) -> Any:
        client = self._client_of(stream.region)
        try:
            return client.get_log_events(
                logGroupName=stream.group, logStreamName=stream.stream, **position
            )
        except client.exceptions.ResourceNotFoundException as error:
            raise StreamMissing(f"{stream.group} {stream.stream}") from error


def _line(event: dict[str, Any]) -> Line:
    return Line(event["timestamp"], event["message"])
