"""Reads CloudWatch Logs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    InvalidRegionError,
    ParamValidationError,
)

from jetbridge.aws.clients import error_of, is_throttle, status_of
from jetbridge.contract import LogStream
from jetbridge.contract.lines import Line
from jetbridge.logs.port import (
    Busy,
    Page,
    StreamClosed,
    StreamMissing,
    TokenExpired,
    Unreadable,
)
from jetbridge.logs.position import Position

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# An empty page isn't the end of a stream; reading backwards, a few may come before the lines.
_EMPTY_PAGES = 5
# Errors about the group or stream that waiting won't change. ``InvalidParameterException`` is in
# the API reference of GetLogEvents, ``ValidationException`` among the errors common to all actions;
# ``InvalidOperationException`` is what groups of the class Infrequent Access answer
# (elastic/beats#49476), which have no GetLogEvents (Amazon CloudWatch Logs user guide, "Log
# classes").
_FOR_GOOD = frozenset(
    {"InvalidParameterException", "InvalidOperationException", "ValidationException"}
)


class CloudWatchLogs:
    """``LogsSource`` on CloudWatch Logs; ``client_of`` gives the client of a region.

    ``turn`` waits until another call of GetLogEvents may be made in a region. The caller of
    ``tail`` has taken the turn for its first call; ``tail`` takes one for each further call.
    """

    def __init__(
        self,
        client_of: Callable[[str], "CloudWatchLogsClient"],
        turn: Callable[[str], None] | None = None,
    ) -> None:
        self._client_of = client_of
        self._turn = turn

    def tail(self, stream: LogStream, limit: int) -> list[Line] | None:
        parameters: dict[str, Any] = {"startFromHead": False, "limit": limit}
        for _ in range(_EMPTY_PAGES):
            if self._turn is not None and "nextToken" in parameters:
                self._turn(stream.region)
            try:
                page = self._read(stream, parameters)
            except StreamMissing:
                return None
            except TokenExpired as expired:
                raise Busy(str(expired)) from expired
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
        except (InvalidRegionError, ParamValidationError) as error:
            # A definition may name a region or stream that there can't be.
            raise Unreadable(str(error)) from error
        except BotoCoreError as error:
            raise Busy(str(error)) from error


def _said(error: ClientError, stream: LogStream, with_token: bool) -> Exception:
    """What an error of GetLogEvents means. An unknown error may be temporary.

    If permission for the group's KMS key is missing, the code is the same as for any missing
    permission, but the text names the key.
    """
    code, message = error_of(error)
    if is_throttle(error) or status_of(error) >= 500:
        return Busy(str(error))
    match code:
        case "ResourceNotFoundException":
            return StreamMissing(f"{stream.group} {stream.stream}")
        case "AccessDeniedException":
            return StreamClosed(message or code)
        case "InvalidParameterException" if with_token:
            return TokenExpired(message)
    if code in _FOR_GOOD:
        return Unreadable(f"{code}: {message}")
    return Busy(str(error))


def _line(event: dict[str, Any]) -> Line:
    return Line(event["timestamp"], event["message"])
