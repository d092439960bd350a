"""CloudWatch Logs: the engines' and functions' log sink, and pages of FilterLogEvents."""

import base64
import json
from typing import Any

from ministack.services import cloudwatch_logs

from jetbridge_local.engine.errors import LogGroupMissing
from jetbridge_local.engine.ports import LogEvent

from .asgi import ServiceCaller, ServiceFailed

_TARGET = "Logs_20140328."
_MAX_PAGE = 10_000


class CloudWatchLogs:
    """A ``LogSink`` of the engines."""

    def __init__(self, caller: ServiceCaller) -> None:
        self._caller = caller

    def ensure_stream(self, group: str, stream: str, create_group: bool) -> None:
        """Raises LogGroupMissing if the group isn't there and ``create_group`` is false."""
        if create_group:
            self._create("CreateLogGroup", {"logGroupName": group})
        try:
            self._create("CreateLogStream", {"logGroupName": group, "logStreamName": stream})
        except ServiceFailed as error:
            if error.code == "ResourceNotFoundException":
                raise LogGroupMissing(group) from error
            raise

    def put(self, group: str, stream: str, events: list[LogEvent]) -> None:
        self._caller.call(
            "logs",
            _TARGET + "PutLogEvents",
            {"logGroupName": group, "logStreamName": stream, "logEvents": events},
        )

    def _create(self, operation: str, parameters: dict[str, Any]) -> None:
        try:
            self._caller.call("logs", _TARGET + operation, parameters)
        except ServiceFailed as error:
            if error.code != "ResourceAlreadyExistsException":
                raise


def install() -> None:
    """ministack cuts FilterLogEvents at its limit and gives no token; give one."""
    cloudwatch_logs._filter_log_events = _paged(cloudwatch_logs._filter_log_events)


def _paged(filter_log_events: Any) -> Any:
    def filter_page(parameters: dict[str, Any]) -> Any:
        """The token is the count of matches already given: streams only grow at their end, or
        rarely by late events, which AWS may leave out of a running search as well."""
        limit = min(int(parameters.get("limit", _MAX_PAGE)), _MAX_PAGE)
        given = _count_in(parameters.get("nextToken"))
        if given is None:
            return cloudwatch_logs.error_response_json(
                "InvalidParameterException", "The specified nextToken is invalid.", 400
            )
        unlimited = {k: v for k, v in parameters.items() if k not in ("limit", "nextToken")}
        status, headers, body = filter_log_events(unlimited | {"limit": given + limit + 1})
        if status >= 400:
            return status, headers, body
        content = json.loads(body)
        events = content["events"]
        content["events"] = events[given : given + limit]
        if len(events) > given + limit:
            content["nextToken"] = _token_of(given + limit)
        return status, headers, json.dumps(content).encode()

    return filter_page


def _token_of(count: int) -> str:
    return base64.urlsafe_b64encode(f"matches:{count}".encode()).decode()


def _count_in(token: str | None) -> int | None:
    if token is None:
        return 0
    try:
        kind, _, count = base64.urlsafe_b64decode(token).decode().partition(":")
        return int(count) if kind == "matches" and int(count) >= 0 else None
    except ValueError:
        return None
