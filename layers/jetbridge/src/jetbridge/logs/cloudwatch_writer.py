"""CloudWatch Logs, written: the stream in which Airflow keeps a try's log."""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from jetbridge.aws.clients import error_of, is_throttle, status_of
from jetbridge.logs.port import Busy


class CloudWatchStreams:
    """``Streams`` on CloudWatch Logs.

    A batch that CloudWatch Logs took without its answer coming through is sent again by whoever
    repeats the call: the client must not do so by itself.
    """

    def __init__(self, client_of: Callable[[], Any]) -> None:
        self._client_of = client_of

    def put(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> int:
        batch = [{"timestamp": timestamp, "message": message} for timestamp, message in events]
        parameters = {"logGroupName": group, "logStreamName": stream, "logEvents": batch}
        try:
            answer = self._call("put_log_events", **parameters)
        except ClientError as error:
            if error_of(error)[0] != "ResourceNotFoundException":
                raise
            self._create(group, stream)
            answer = self._call("put_log_events", **parameters)
        return _rejected(answer.get("rejectedLogEventsInfo") or {}, len(batch))

    def _create(self, group: str, stream: str) -> None:
        try:
            self._call("create_log_stream", logGroupName=group, logStreamName=stream)
        except ClientError as error:
            if error_of(error)[0] != "ResourceAlreadyExistsException":
                raise

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._client_of(), operation)(**parameters)
        except ClientError as error:
            if is_throttle(error) or status_of(error) >= 500:
                raise Busy(str(error)) from error
            raise
        except (HTTPClientError, ConnectionError) as error:
            raise Busy(str(error)) from error


def _rejected(info: dict[str, int], sent: int) -> int:
    """Too old are those up to before an index, too new those from an index on (API reference,
    RejectedLogEventsInfo)."""
    old = max(info.get("tooOldLogEventEndIndex", 0), info.get("expiredLogEventEndIndex", 0))
    new = sent - info.get("tooNewLogEventStartIndex", sent)
    return min(sent, old + new)
