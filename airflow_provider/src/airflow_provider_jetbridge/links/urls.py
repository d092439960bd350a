"""The links of a run, by the XCom key where Airflow finds each.

A link is left out if its address isn't known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from airflow_provider_jetbridge.links import console
from airflow_provider_jetbridge.links.buttons import (
    BatchJobLink,
    ContainerLogLink,
    EcsTaskLink,
    JetbridgeLink,
    JetbridgeRunLink,
)
from airflow_provider_jetbridge.stack import StackAddress, function_prefix
from jetbridge.contract import Launched, LogStream, Outcome, StartAnswer, epoch

FUNCTIONS = (
    "start-run",
    "launch-run",
    "track-run",
    "finish-run",
    "notify-airflow",
    "copy-logs",
    "relay-logs",
    "stop-run",
    "sweep-runs",
)
"""Functions whose log groups exist in every version of the stack. Logs Insights fails if a log
group doesn't exist."""

MAX_GROUPS = 50
"""The quota of log groups in one Logs Insights query."""

MAX_STREAMS = 20
"""The most streams in one address, so that no browser or proxy cuts it."""

MARGIN_SECONDS = 3600.0
"""Functions log about a run before it is launched and after its outcome is sealed."""


def of_answer(answer: StartAnswer, stack: StackAddress | str | None) -> dict[str, str]:
    """The links of a newly accepted run.

    Args:
        stack: the stack whose functions log about the run. Without it there is no link to the run
            itself.
    """
    home = console.home(console.partition_of(None, answer.region))
    return _present({JetbridgeRunLink: home and _run(home, answer.region, answer.run_id, stack)})


def of_launched(launched: Launched, stack: StackAddress | str | None) -> dict[str, str]:
    """The links of a run in progress."""
    return _links(launched, stack, None, None)


def of_outcome(outcome: Outcome, stack: StackAddress | str | None) -> dict[str, str]:
    """The links of a run that has ended."""
    deaths = [death.at for death in outcome.deaths]
    began = epoch(outcome.started_at)
    begins = [began] if began is not None else []
    start = min([*deaths, *begins, outcome.finished_at]) - MARGIN_SECONDS
    return _links(outcome, stack, _iso(start), _iso(outcome.finished_at + MARGIN_SECONDS))


def _links(
    run: Launched | Outcome, stack: StackAddress | str | None, start: str | None, end: str | None
) -> dict[str, str]:
    home = console.home(console.partition_of(run.backend_id, run.region))
    if home is None:
        return {}
    links: dict[type[JetbridgeLink], str | None] = {
        ContainerLogLink: _log(home, run.log_streams, start, end),
        JetbridgeRunLink: _run(home, run.region, run.run_id, stack, start, end),
    }
    if run.backend_id and run.backend == "ecs":
        links[EcsTaskLink] = console.ecs_task(home, run.region, run.backend_id, run.cluster)
    elif run.backend_id:
        links[BatchJobLink] = console.batch_job(home, run.region, run.backend_id)
    return _present(links)


def _log(home: str, streams: Sequence[LogStream], start: str | None, end: str | None) -> str | None:
    """One stream's page, or a query over several streams. A query needs all streams in one
    region."""
    if not streams:
        return None
    first = streams[0]
    here = [stream for stream in streams if stream.region == first.region]
    names = list(dict.fromkeys(stream.stream for stream in here))
    groups = list(dict.fromkeys(stream.group for stream in here))
    if len(names) == 1 and len(groups) == 1:
        return console.log_stream(home, first.region, first.group, first.stream)
    condition = f"@logStream in [{', '.join(map(console.literal, names[:MAX_STREAMS]))}]"
    query = console.lines_that(condition, "@logStream", "@message")
    return console.logs_insights(home, first.region, groups[:MAX_GROUPS], query, start, end)


def _run(
    home: str,
    region: str,
    run_id: str,
    stack: StackAddress | str | None,
    start: str | None = None,
    end: str | None = None,
) -> str | None:
    if stack is None:
        return None
    prefix = function_prefix(str(stack))
    groups = [f"/aws/lambda/{prefix}-{function}" for function in FUNCTIONS]
    query = console.lines_that(f"run_id = {console.literal(run_id)}", "@log", "level", "message")
    return console.logs_insights(home, region, groups, query, start, end)


def _present(links: dict[type[JetbridgeLink], str | None]) -> dict[str, str]:
    return {link().xcom_key: url for link, url in links.items() if url}


def _iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds")[:23] + "Z"
