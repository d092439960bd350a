"""CloudWatch Logs, read."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from jetbridge.aws import error_of, is_throttle, status_of
from jetbridge.contract import LogStream
from jetbridge.domain.lines import Line
from jetbridge.domain.log_position import Position
from jetbridge.logs.port import Busy, Page, StreamClosed, StreamMissing, TokenExpired

# An empty page isn't the end of a stream; reading backwards, a few may come before the lines.
_EMPTY_PAGES = 5


class CloudWatchLogs:
    """``LogsSource`` on CloudWatch Logs; ``client_of`` gives the client of a region."""

    def __init__(self, client_of: Callable[[str], Any]) -> None:
        self._client_of = client_of

    def tail(self, stream: LogStream, limit: int) -> list[Line] | None:
        parameters: dict[str, Any] = {"startFromHead": False, "limit": limit}
        for _ in range(_EMPTY_PAGES):
            try:
                page = self._read(stream, parameters)
            except (StreamMissing, StreamClosed):
                return None
            token = page["nextBackwardToken"]
            if page["events"] or token == parameters.get("nextToken"):
                return [_line(event) for event in page["events"]]
            parameters["nextToken"] = token
        return []

    def page(self, stream: LogStream, position: Position) -> Page:
        parameters: dict[str, Any] = {"startFromHead": True}
        if position.token is not None:
            parameters["nextToken"] = position.token
        elif position.last is not None:
            parameters["startTime"] = position.last
        answer = self._read(stream, parameters)
        events = answer["events"]
        ingested_at = max((event.get("ingestionTime", 0) for event in events), default=0)
        return Page([_line(event) for event in events], answer["nextForwardToken"], ingested_at)

    def _read(self, stream: LogStream, parameters: dict[str, Any]) -> Any:
        try:
            return self._client_of(stream.region).get_log_events(
                logGroupName=stream.group, logStreamName=stream.stream, **parameters
            )
        except ClientError as error:
            raise _said(error, stream, "nextToken" in parameters) from error
        except (HTTPClientError, ConnectionError) as error:
            raise Busy(str(error)) from error


def _said(error: ClientError, stream: LogStream, with_token: bool) -> Exception:
    code, message = error_of(error)
    if is_throttle(error) or status_of(error) >= 500:
        return Busy(str(error))
    match code:
        case "ResourceNotFoundException":
            return StreamMissing(f"{stream.group} {stream.stream}")
        case "AccessDeniedException":
            return StreamClosed(message)
        case "InvalidParameterException" if with_token:
            return TokenExpired(message)
    return error


def _line(event: dict[str, Any]) -> Line:
    return Line(event["timestamp"], event["message"])
