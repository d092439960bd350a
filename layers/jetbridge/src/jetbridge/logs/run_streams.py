"""Where the lines of a run are, from its definition and what AWS's record of it names."""

from collections.abc import Iterable

from jetbridge.contract import LogStream
from jetbridge.runs.names import last_segment
from jetbridge.runs.run import Definition, LogName, LogSource, Run


def log_streams(run: Run, region: str) -> list[LogStream]:
    """The CloudWatch Logs streams of an ended run, in the order of its containers and attempts."""
    return named_streams(run, run.ending.log_names, region) if run.ending else []


def named_streams(run: Run, names: Iterable[LogName], region: str) -> list[LogStream]:
    """The CloudWatch Logs streams behind the names that a record of the run's task or job has."""
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


def unread_containers(definition: Definition | None) -> list[LogSource]:
    """Containers whose output isn't in CloudWatch Logs, so that Jetbridge can't show it."""
    sources = definition.log_sources if definition else []
    return [source for source in sources if source.group is None]


def _stream(run: Run, source: LogSource, name: LogName) -> str:
    if run.backend == "batch":
        return name.name
    if source.prefix is None:
        return name.name
    return f"{source.prefix}/{source.container}/{last_segment(run.backend_id or '')}"
