"""Reads a run's lines in CloudWatch Logs, from all its containers, attempts and launches."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from jetbridge.aws.records import Record as AwsRecord
from jetbridge.logs.run_streams import task_stream
from jetbridge.logs.whereabouts import Place, whereabouts
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.record import Record

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# FilterLogEvents takes up to 100 streams of a group (API reference).
_STREAMS_AT_ONCE = 100
# A line may become readable this much later than its own time (Amazon CloudWatch Logs user guide,
# on ingestion). Event ids show which lines were already shown.
_LATE_MILLISECONDS = 30_000


@dataclass(frozen=True)
class LogLine:
    """``at`` is in epoch milliseconds. ``event_id`` comes from FilterLogEvents."""

    at: int
    text: str
    container: str
    launch: int
    attempt: int
    event_id: str


def places_of(aws: Aws, record: Record, region: str) -> tuple[list[Place], list[str]]:
    """Where the run's lines are, and notes on containers without a log.

    For a run in progress, as far as AWS has reported it.
    """
    run = record.row
    if run is not None and run.ending is not None:
        found = whereabouts(run, region, _batch_records(aws, record))
        return found.places, [note.message for note in found.notes]
    if record.outcome is not None:
        last = record.outcome.launches
        return [Place(stream, last) for stream in record.outcome.log_streams], []
    places: list[Place] = []
    if run is not None and run.backend == "ecs" and run.backend_id and run.definition:
        streams = (
            task_stream(source, run.backend_id, region) for source in run.definition.log_sources
        )
        places = [Place(stream, run.launch) for stream in streams if stream is not None]
    elif record.launched is not None:
        places = [Place(stream, record.launched.launch) for stream in record.launched.log_streams]
    return places, []


def _batch_records(aws: Aws, record: Record) -> dict[str, AwsRecord]:
    """Batch's records of the run's earlier jobs. The children of an array have their own logs."""
    run = record.row
    if run is None or run.backend != "batch":
        return {}
    jobs = [str(death.backend_id) for death in run.deaths if death.backend_id]
    if not jobs:
        return {}
    answer: Any = aws.batch.describe_jobs(jobs=jobs[-_STREAMS_AT_ONCE:])
    return {job["jobId"]: job for job in answer["jobs"]}


class _Group(NamedTuple):
    region: str
    name: str


@dataclass
class Reader:
    """Reads new lines from log streams at each call.

    FilterLogEvents has its own quota. So a reader doesn't use the quota of GetLogEvents, which
    finish_run and copy_logs share ("CloudWatch Logs quotas").

    Attributes:
        tolerant: if IAM denies reading a group, note it in ``denied`` and don't read it again.
            Otherwise raise the denial.
    """

    aws: Aws
    since: int = 0
    pattern: str = ""
    tolerant: bool = False
    denied: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _from: dict[_Group, int] = field(default_factory=dict)
    _clients: dict[str, "CloudWatchLogsClient"] = field(default_factory=dict)

    def new(self, places: Sequence[Place]) -> list[LogLine]:
        """The lines that are new since the last call, in the order of their times."""
        by_group: dict[_Group, dict[str, Place]] = defaultdict(dict)
        for place in places:
            if place.stream.group in self.denied:
                continue
            by_group[_Group(place.stream.region, place.stream.group)][place.stream.stream] = place
        lines = [line for group, some in by_group.items() for line in self._of_group(group, some)]
        fresh = [line for line in lines if line.event_id not in self._seen]
        self._seen.update(line.event_id for line in fresh)
        return sorted(fresh, key=lambda line: line.at)

    def _of_group(self, group: _Group, places: dict[str, Place]) -> Iterator[LogLine]:
        names = list(places)
        for start in range(0, len(names), _STREAMS_AT_ONCE):
            some = names[start : start + _STREAMS_AT_ONCE]
            try:
                events = list(self._events(group, some))
            except ClientError as error:
                if self.tolerant and error.response["Error"]["Code"] == "AccessDeniedException":
                    self.denied.append(group.name)
                    return
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                # A stream that doesn't exist yet makes the call fail for the others, too.
                events = [event for name in some for event in self._events_if_any(group, name)]
            for event in events:
                place = places[event["logStreamName"]]
                at = int(event["timestamp"])
                self._from[group] = max(self._from.get(group, 0), at)
                yield LogLine(
                    at=at,
                    text=str(event["message"]),
                    container=place.member or place.stream.container,
                    launch=place.launch,
                    attempt=place.stream.attempt,
                    event_id=str(event["eventId"]),
                )

    def _events_if_any(self, group: _Group, name: str) -> Iterator[Any]:
        try:
            yield from list(self._events(group, [name]))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise

    def _events(self, group: _Group, streams: list[str]) -> Iterator[Any]:
        asked: dict[str, Any] = {"logGroupName": group.name, "logStreamNames": streams}
        start = max(self.since, self._from.get(group, 0) - _LATE_MILLISECONDS)
        asked |= {"startTime": start} if start else {}
        asked |= {"filterPattern": self.pattern} if self.pattern else {}
        if group.region not in self._clients:
            self._clients[group.region] = self.aws.logs_in(group.region)
        client = self._clients[group.region]
        for page in client.get_paginator("filter_log_events").paginate(**asked):
            yield from page["events"]
