"""Addresses of pages in AWS's consoles, for every partition.

AWS documents none of these formats. The format of the Batch page comes from the amazon provider.
The formats of CloudWatch are those in the browser's address bar: a name in a path is encoded twice,
with ``$`` instead of ``%`` the second time, and a Logs Insights query is JSURL with ``*`` instead
of ``%``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import quote

_UNESCAPED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")

LINES_OF_A_QUERY = 1000

_Detail: TypeAlias = "str | int | Sequence[Any] | Mapping[str, Any]"


@cache
def partition_of_region(region: str) -> str | None:
    """The region's partition by the data of botocore's endpoint rules. None for a region that fits
    no partition.

    ``Session.get_partition_for_region`` gives the same. But it needs a session and the endpoints of
    all services, which take as long as a tenth of the process that starts a task.
    """
    from botocore.loaders import Loader

    for partition in Loader().load_data("partitions")["partitions"]:
        if re.search(partition["regionRegex"], region):
            return str(partition["id"])
    return None


def partition_of(arn: str | None, region: str) -> str | None:
    """The ARN's partition, or else the region's."""
    if arn and arn.startswith("arn:"):
        return arn.split(":", 2)[1]
    return partition_of_region(region)


def home(partition: str | None) -> str | None:
    """The address of the partition's console. None if the amazon provider doesn't know it: version
    9.39 knows ``aws``, ``aws-cn`` and ``aws-us-gov``."""
    from airflow.providers.amazon.aws.links.base_aws import BASE_AWS_CONSOLE_LINK, BaseAwsLink

    domain = BaseAwsLink.get_aws_domain(partition)
    return BASE_AWS_CONSOLE_LINK.format(aws_domain=domain) if domain else None


def ecs_task(home: str, region: str, arn: str, cluster: str | None) -> str:
    """A task's page.

    Args:
        cluster: its name or ARN. It is needed for task ARNs in the old format, which don't contain
            the cluster. None is the cluster ``default``.
    """
    *clusters, task = arn.split(":")[-1].removeprefix("task/").split("/")
    cluster = clusters[0] if clusters else (cluster or "default").rpartition("/")[2]
    path = f"/ecs/v2/clusters/{_quoted(cluster)}/tasks/{_quoted(task)}"
    return f"{home}{path}?region={_quoted(region)}"


def batch_job(home: str, region: str, job_id: str) -> str:
    """A job's page; ``job_id`` may have an array child's index (``<id>:3``)."""
    return f"{home}/batch/home?region={_quoted(region)}#jobs/detail/{quote(job_id, safe=':')}"


def log_stream(home: str, region: str, group: str, stream: str) -> str:
    """A CloudWatch Logs stream's page."""
    path = f"logsV2:log-groups/log-group/{_twice(group)}/log-events/{_twice(stream)}"
    return f"{_cloudwatch(home, region)}#{path}"


def logs_insights(
    home: str,
    region: str,
    groups: Sequence[str],
    query: str,
    start: str | None = None,
    end: str | None = None,
) -> str:
    """A Logs Insights query. The person who opens the page runs it.

    Args:
        groups: names of up to 50 log groups.
        start, end: ISO 8601 in UTC. If one is None, the query covers the last day.
    """
    time: dict[str, _Detail] = (
        {"end": end, "start": start, "timeType": "ABSOLUTE", "tz": "UTC"}
        if start and end
        else {"end": 0, "start": -86400, "timeType": "RELATIVE", "unit": "seconds"}
    )
    detail = jsurl({**time, "editorString": query, "source": list(groups)})
    return f"{_cloudwatch(home, region)}#logsV2:logs-insights$3FqueryDetail$3D{detail}"


def lines_that(condition: str, *fields: str) -> str:
    """A Logs Insights query for the lines that match a condition, oldest first."""
    shown = ", ".join(("@timestamp", *fields))
    lines = f"fields {shown}\n| filter {condition}\n| sort @timestamp asc"
    return f"{lines}\n| limit {LINES_OF_A_QUERY}"


def literal(text: str) -> str:
    """A string literal of the query language."""
    return json.dumps(text, ensure_ascii=False)


def jsurl(value: _Detail) -> str:
    """A value in the notation of the CloudWatch console's addresses."""
    if isinstance(value, str):
        return f"~'{_starred(value)}"
    if isinstance(value, int):
        return f"~{value}"
    if isinstance(value, Mapping):
        return f"~({'~'.join(key + jsurl(each) for key, each in value.items())})"
    return f"~({''.join(map(jsurl, value))})"


def _starred(text: str) -> str:
    return "".join(
        chr(byte) if byte in _UNESCAPED else f"*{byte:02x}" for byte in text.encode("utf-8")
    )


def _cloudwatch(home: str, region: str) -> str:
    return f"{home}/cloudwatch/home?region={_quoted(region)}"


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _twice(text: str) -> str:
    return _quoted(_quoted(text)).replace("%", "$")
