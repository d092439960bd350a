"""Finds the log streams of a run in its definition and in AWS's record of it."""

from collections.abc import Iterable

from jetbridge.contract import LogStream
from jetbridge.runs.names import last_segment
from jetbridge.runs.reports import LogName
from jetbridge.runs.run import Definition, LogSource, Run


def log_streams(run: Run, region: str) -> list[LogStream]:
    """The CloudWatch Logs streams of an ended run, in the order of its containers and attempts."""
    return named_streams(run, run.ending.log_names, region) if run.ending else []


def named_streams(run: Run, names: Iterable[LogName], region: str) -> list[LogStream]:
    """The CloudWatch Logs streams that a record of the run's task or job names."""
    if run.definition is None or run.backend_id is None:
        return []
    sources = {source.container: source for source in run.definition.log_sources}
    return [
        LogStream(
            container=name.container,
            group=source.group,
            stream=_stream(run, source, name),
            region=source.region or region,
            attempt=name.attempt,
        )
        for name in names
        if (source := sources.get(name.container)) is not None and source.group is not None
    ]


def task_stream(source: LogSource, task_arn: str, region: str) -> LogStream | None:
    """The stream of a container of an ECS task. It is known before the first line; None if there is
    no log group or no stream prefix."""
    if source.group is None or source.prefix is None:
        return None
    return LogStream(
        container=source.container,
        group=source.group,
        stream=task_stream_name(source, task_arn),
        region=source.region or region,
    )


def task_stream_name(source: LogSource, task_arn: str) -> str:
    """``prefix/container/task id`` (Amazon ECS developer guide, "Send Amazon ECS logs to
    CloudWatch", awslogs-stream-prefix). The source has a prefix."""
    return f"{source.prefix}/{source.container}/{last_segment(task_arn)}"


def unread_containers(definition: Definition | None) -> list[LogSource]:
    """Containers whose output isn't in CloudWatch Logs, so that Jetbridge can't show it."""
    sources = definition.log_sources if definition else []
    return [source for source in sources if source.group is None]


def _stream(run: Run, source: LogSource, name: LogName) -> str:
    if run.backend == "batch" or source.prefix is None:
        return name.name
    return task_stream_name(source, run.backend_id or "")
