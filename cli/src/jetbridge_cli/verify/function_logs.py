"""Reads the warnings of Jetbridge's functions during the checks, including errors from AWS."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from jetbridge_cli.aws import Aws
from jetbridge_cli.verify.formation import Formation

_GROUP = "AWS::Logs::LogGroup"
_LEVELS = ("ERROR", "WARNING", "WARN", "CRITICAL")
# A line must contain one of these terms (CloudWatch Logs user guide, "Filter pattern syntax").
_PATTERN = "?ERROR ?WARN ?CRITICAL"


@dataclass
class Warned:
    """A line of a function's log, with the number of times that it came."""

    function: str
    level: str
    message: str
    count: int = 1


def warnings(aws: Aws, formation: Formation, stacks: Iterable[str], since: float) -> list[Warned]:
    """Lines of level WARNING and above from these stacks' functions since then."""
    found: dict[tuple[str, str, str], Warned] = {}
    for stack in stacks:
        for kind, group in formation.resources(stack):
            if kind != _GROUP:
                continue
            for line in _lines(aws, group, since):
                _count(found, group.rsplit("/", 1)[-1], line)
    return list(found.values())


def _lines(aws: Aws, group: str, since: float) -> Iterable[str]:
    pages = aws.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern=_PATTERN, startTime=int(since * 1000)
    )
    try:
        for page in pages:
            for event in page["events"]:
                yield event.get("message", "")
    except ClientError:
        # The recorder has noted the error. The rest of the report is still worth writing.
        return


def _count(found: dict[tuple[str, str, str], Warned], function: str, line: str) -> None:
    try:
        record = json.loads(line)
    except ValueError:
        return
    level = record.get("level") if isinstance(record, dict) else None
    if level not in _LEVELS:
        return
    message = record.get("message") or record.get("errorMessage") or ""
    text = message if isinstance(message, str) else json.dumps(message)
    key = (function, str(level), text)
    if key in found:
        found[key].count += 1
    else:
        found[key] = Warned(*key)
