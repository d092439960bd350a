"""Writes to CloudWatch Logs: to the stream in which Airflow keeps a try's log."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from jetbridge.aws.clients import error_of, is_throttle, status_of
from jetbridge.logs.port import Busy

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import RejectedLogEventsInfoTypeDef

P = ParamSpec("P")
T = TypeVar("T")


class CloudWatchStreams:
    """``Streams`` on CloudWatch Logs.

    If CloudWatch Logs stored a batch but its answer got lost, repeating the call stores the batch
    twice. So the client must not repeat calls by itself.
    """

    def __init__(self, client_of: Callable[[], "CloudWatchLogsClient"]) -> None:
        self._client_of = client_of

    def put(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> int:
        try:
            return self._put(group, stream, events)
        except ClientError as error:
            if error_of(error)[0] != "ResourceNotFoundException":
                raise
            self._create(group, stream)
            return self._put(group, stream, events)

    def _put(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> int:
        answer = _call(
            self._client_of().put_log_events,
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": timestamp, "message": line} for timestamp, line in events],
        )
        return _rejected(answer.get("rejectedLogEventsInfo") or {}, len(events))

    def _create(self, group: str, stream: str) -> None:
        try:
            _call(self._client_of().create_log_stream, logGroupName=group, logStreamName=stream)
        except ClientError as error:
            if error_of(error)[0] != "ResourceAlreadyExistsException":
                raise


def _call(operation: Callable[P, T], *arguments: P.args, **parameters: P.kwargs) -> T:
    """Call an operation.

    Raises:
        Busy: CloudWatch Logs throttles the call or fails, or the connection does.
    """
    try:
        return operation(*arguments, **parameters)
    except ClientError as error:
        if is_throttle(error) or status_of(error) >= 500:
            raise Busy(str(error)) from error
        raise
    except (HTTPClientError, ConnectionError) as error:
        raise Busy(str(error)) from error


def _rejected(info: "RejectedLogEventsInfoTypeDef", sent: int) -> int:
    """Events before one index are too old, events from another index on are too new (API reference,
    RejectedLogEventsInfo)."""
    old = max(info.get("tooOldLogEventEndIndex", 0), info.get("expiredLogEventEndIndex", 0))
    new = sent - info.get("tooNewLogEventStartIndex", sent)
    return min(sent, old + new)
