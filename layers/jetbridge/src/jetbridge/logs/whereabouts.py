"""Finds where all lines of a run are: of its launches, attempts, containers, children and nodes."""

from collections.abc import Mapping

from msgspec import Struct, field

from jetbridge.aws.records import Record
from jetbridge.backends.job_records import job_log_names
from jetbridge.backends.log_sources import KUBERNETES, job_log_sources
from jetbridge.contract import Death, LogStream
from jetbridge.contract.lines import Line
from jetbridge.logs.members import array_size, members_of, node_count, other_members
from jetbridge.logs.run_streams import log_streams, task_stream, unread_containers
from jetbridge.logs.settling import ended_at
from jetbridge.runs.run import LogSource, Run

# Of the launches that were replaced, the latest.
EARLIER_LAUNCHES = 5


class Place(Struct, frozen=True):
    """A stream of the run; ``member`` names an array child or a node: ``child-0007``."""

    stream: LogStream
    launch: int
    member: str = ""


class Found(Struct):
    """Where lines are, and notes about lines that can't be found."""

    places: list[Place] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)


def earlier_launches(run: Run) -> list[Death]:
    """The latest replaced launches that had a task or job."""
    return [death for death in run.deaths if death.backend_id][-EARLIER_LAUNCHES:]


def has_all_streams(run: Run) -> bool:
    """Whether the row has all streams of the run's last launch. For a multi-node job, it has only
    the main node's."""
    ending = run.ending
    return ending is not None and bool(ending.log_names) and not ending.nodes


def whereabouts(run: Run, region: str, records: Mapping[str, Record]) -> Found:
    """Where the lines of an ended run are.

    Args:
        region: of the containers, unless their definition names another.
        records: what DescribeJobs says of the jobs behind earlier launches, of the array job
            itself and its children, and of nodes, by job id.
    """
    found, at = Found(), ended_at(run)
    _add_earlier_launches(found, run, region, records)
    members = _member_places(run, region, records)
    of_members = {(place.stream.group, place.stream.stream) for place in members}
    found.places += [
        Place(stream, run.launch)
        for stream in log_streams(run, region)
        if (stream.group, stream.stream) not in of_members
    ]
    found.places += members
    _note_members(found, run, records, at)
    for source in unread_containers(run.definition):
        found.notes.append(Line(at, _unread(source)))
    if not found.places and not found.notes:
        text = "No container has been started: there are no log lines."
        found.notes.append(Line(at, text))
    return found


def _add_earlier_launches(
    found: Found, run: Run, region: str, records: Mapping[str, Record]
) -> None:
    shown = {death.launch for death in earlier_launches(run)}
    for death in run.deaths:
        at = int(death.at * 1000)
        said = f"Launch {death.launch} was replaced by another: {death.cause}: {death.reason}"
        found.notes.append(Line(at, said))
        if death.launch not in shown:
            continue
        if run.backend == "ecs":
            found.places += _task_places(found, run, death, region, at)
        elif (record := records.get(death.backend_id or "")) is not None:
            found.places += _job_places(record, death.launch, "", region)
        else:
            said = f"AWS Batch no longer knows the job {death.backend_id}: its log isn't here"
            found.notes.append(Line(at, f"{said}."))


def _task_places(found: Found, run: Run, death: Death, region: str, at: int) -> list[Place]:
    places = []
    for source in run.definition.log_sources if run.definition else []:
        if source.group is not None and source.prefix is None:
            said = (
                f"Launch {death.launch}: the log of container {source.container} has no "
                f"awslogs-stream-prefix, so its stream in {source.group} isn't known."
            )
            found.notes.append(Line(at, said))
        elif stream := task_stream(source, death.backend_id or "", region):
            places.append(Place(stream, death.launch))
    return places


def _member_places(run: Run, region: str, records: Mapping[str, Record]) -> list[Place]:
    return [
        place
        for job_id, member in sorted(members_of(records).items(), key=lambda item: item[1])
        for place in _job_places(records[job_id], run.launch, member, region)
    ]


def _note_members(found: Found, run: Run, records: Mapping[str, Record], at: int) -> None:
    shown = len(members_of(records))
    size = array_size(run) or node_count(run, records)
    if size > shown:
        found.notes.append(Line(at, other_members(run, records, size, shown)))


def _job_places(record: Record, launch: int, member: str, region: str) -> list[Place]:
    sources = {source.container: source for source in job_log_sources(record)}
    return [
        Place(
            LogStream(
                container=name.container,
                group=source.group,
                stream=name.name,
                region=source.region or region,
                attempt=name.attempt,
            ),
            launch,
            member,
        )
        for name in job_log_names(record)
        if (source := sources.get(name.container)) is not None and source.group is not None
    ]


def _unread(source: LogSource) -> str:
    if source.driver == KUBERNETES:
        return (
            f"Container {source.container} ran in a pod on Amazon EKS, and AWS Batch names no log "
            "group for a pod: its lines are where the cluster's own log collector sends them, and "
            "not shown here."
        )
    return (
        f"Container {source.container} logs with the driver {source.driver}, not awslogs: "
        "its lines are not shown here."
    )
