"""Which log streams of a run are relayed while it runs, and which container writes each."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from msgspec import Struct

from jetbridge.contract import S3LogTarget
from jetbridge.logs.run_streams import task_stream_name
from jetbridge.runs.reports import LogName, StateChange
from jetbridge.runs.run import LogSource, Run, Status


class LiveStream(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The run, launch, container and attempt that write a log stream."""

    run_id: str
    launch: int
    container: str
    attempt: int = 1

    @property
    def logger(self) -> str:
        """What Airflow shows beside each line."""
        labels = [f"attempt-{self.attempt}"] if self.attempt > 1 else []
        labels += [f"launch-{self.launch}"] if self.launch > 1 else []
        return ".".join(["container", self.container, *labels])


class Named(NamedTuple):
    """A log stream by its name in CloudWatch Logs."""

    group: str
    name: str
    stream: LiveStream


def s3_targets(run: Run) -> list[S3LogTarget]:
    """Where pieces are shown. Only in S3: events in CloudWatch Logs couldn't be replaced by the
    copy."""
    return [target for target in run.log_targets if isinstance(target, S3LogTarget)]


def relayed_sources(run: Run, groups: Collection[str], region: str) -> list[LogSource]:
    """The containers whose log group the stack subscribes to."""
    sources = run.definition.log_sources if run.definition else []
    return [
        source
        for source in sources
        if source.group in groups and (source.region or region) == region
    ]


def streams_of_launch(run: Run, sources: list[LogSource]) -> Iterator[Named]:
    """Streams whose names are known as soon as the task's ARN is: those with a prefix."""
    if run.backend != "ecs" or run.backend_id is None or run.status is not Status.LAUNCHED:
        return
    for source in sources:
        if source.prefix is not None:
            name = task_stream_name(source, run.backend_id)
            yield _named(run, source, LogName(container=source.container, name=name))


def streams_of_change(run: Run, change: StateChange, sources: list[LogSource]) -> Iterator[Named]:
    """Streams whose names only the record of the running task or job has."""
    current = (run.launch, run.backend_id) == (change.launch, change.backend_id)
    if not current or run.status is not Status.LAUNCHED:
        return
    by_container = {source.container: source for source in sources}
    for name in change.log_names:
        source = by_container.get(name.container)
        if source is not None and (run.backend == "batch" or source.prefix is None):
            yield _named(run, source, name)


def _named(run: Run, source: LogSource, name: LogName) -> Named:
    stream = LiveStream(
        run_id=run.run_id, launch=run.launch, container=name.container, attempt=name.attempt
    )
    assert source.group is not None  # nosec B101 # narrows the type
    return Named(source.group, name.name, stream)
