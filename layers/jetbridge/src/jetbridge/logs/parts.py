"""What is copied of a run, and where to: one part for each stream and each place."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from jetbridge.contract import LogStream, LogTarget
from jetbridge.contract.lines import Line
from jetbridge.logs.settling import ended_at
from jetbridge.logs.whereabouts import Found, whereabouts
from jetbridge.queues.copies import MOST_SHOWN_BYTES, SHOWN_BYTES, LogPart, copy_key
from jetbridge.runs.run import Run

LEAST_SHOWN_BYTES = 64 * 1024
# Of one run: the latest.
MOST_PARTS = 100


class Plan(Struct, frozen=True):
    """What is copied to one target, and notes about what can't be copied."""

    target: LogTarget
    parts: list[LogPart]
    notes: list[Line]
    notes_name: str

    def notes_key(self, run_id: str) -> str:
        return copy_key(run_id, self.notes_name, self.target)


def plans(run: Run, found: Found) -> list[Plan]:
    """One target for each try that waits for the run."""
    return [_plan(run, found, target) for target in run.log_targets]


def only_part(run: Run, region: str) -> LogPart | None:
    """The only part of an ended run's log, such as that of an ECS task with one container. None:
    there are more parts or notes, or AWS Batch's records are needed to know."""
    if run.backend != "ecs" or len(run.log_targets) != 1:
        return None
    [plan] = plans(run, whereabouts(run, region, {}))
    return plan.parts[0] if len(plan.parts) == 1 and not plan.notes else None


def _plan(run: Run, found: Found, target: LogTarget) -> Plan:
    places, more = found.places[-MOST_PARTS:], found.places[:-MOST_PARTS]
    launches = len({place.launch for place in places}) > 1
    attempts = any(place.stream.attempt > 1 for place in places)
    streams_of = Counter((place.launch, place.stream.attempt) for place in places)
    last = max(streams_of, default=None)
    size = SHOWN_BYTES // (2 * max(1, len(places)))
    shown = min(MOST_SHOWN_BYTES, max(LEAST_SHOWN_BYTES, size))
    parts = []
    for place in places:
        turn = (place.launch, place.stream.attempt)
        alone = streams_of[turn] == 1 and not place.member
        labels = [place.member] if place.member else []
        labels += [f"attempt-{place.stream.attempt}"] if attempts else []
        labels += [f"launch-{place.launch}"] if launches else []
        title = f"Launch {place.launch}, attempt {place.stream.attempt}: {place.stream.container}"
        parts.append(
            LogPart(
                target=target,
                stream=place.stream,
                name=_name(place.launch, place.member, place.stream),
                logger=".".join(["container", place.stream.container, *labels]),
                stopped_at=ended_at(run),
                shown_bytes=shown,
                title=title if alone and turn != last else "",
            )
        )
    notes = list(found.notes)
    if more:
        said = f"The run has {len(more)} more log streams, which aren't shown here."
        notes.append(Line(ended_at(run), said))
    return Plan(target, parts, _ordered(notes), f"jetbridge.{run.launch}.notes.log")


def _name(launch: int, member: str, stream: LogStream) -> str:
    parts = ["jetbridge", str(launch), *filter(None, [member]), stream.container]
    return ".".join([*parts, str(stream.attempt), "log"])


def _ordered(notes: Iterable[Line]) -> list[Line]:
    return sorted(notes, key=lambda note: note.timestamp)
