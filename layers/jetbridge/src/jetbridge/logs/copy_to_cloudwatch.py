"""A copy to CloudWatch Logs: events in the same stream in which Airflow keeps the try's log."""

from collections.abc import Iterator
from itertools import groupby

from msgspec.structs import replace

from jetbridge.contract import CloudWatchLogTarget
from jetbridge.contract.lines import Line
from jetbridge.logs.airflow_lines import (
    Repeats,
    airflow_line,
    group_end_line,
    group_line,
    note_line,
)
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.port import Streams
from jetbridge.logs.position import Position
from jetbridge.queues.copies import LogPart

# API reference of PutLogEvents.
BATCH_BYTES = 1_048_576
EVENT_OVERHEAD = 26
BATCH_EVENTS = 10_000
BATCH_MILLISECONDS = 24 * 3600 * 1000
# One event must fit a batch. Airflow's form of a line, which is cut, does.
EVENT_BYTES = BATCH_BYTES - EVENT_OVERHEAD
# CloudWatch Logs has no limit of its own; what a copy to S3 may have is enough.
MOST_BYTES = 78 * 1024**3

Event = tuple[int, str]


class CloudWatchSink:
    """Writes each page at once, in as few batches as the limits allow.

    The batch is one write and the state that records it another. If the function crashes in
    between, or the answer gets lost, that batch is written twice.
    """

    def __init__(
        self,
        streams: Streams,
        part: LogPart,
        target: CloudWatchLogTarget,
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self._streams = streams
        self._part = part
        self._target = target
        self._batch_bytes = batch_bytes
        self._repeats: Repeats | None = None

    @property
    def replaces(self) -> bool:
        return False

    @property
    def is_empty(self) -> bool:
        return True

    def is_full(self, state: CopyState) -> bool:
        return state.size >= MOST_BYTES

    def add(self, state: CopyState, lines: list[Line], after: Position) -> Iterator[CopyState]:
        if not lines:
            return
        repeats = self._repeats = self._repeats or Repeats(state.position)
        logger, where = self._part.logger, self._part.whereabouts
        events = [
            (line.timestamp, airflow_line(line, logger, repeats(line), where).decode())
            for line in lines
        ]
        if self._part.title and not state.lines:
            at = lines[0].timestamp
            state = self._put(state, [(at, group_line(at, self._part.title).decode())])
        before, written = state.position, 0
        for batch in batches(events, self._batch_bytes):
            state = self._put(state, batch)
            written += len(batch)
            rest = before.without_token().behind(lines[:written])
            last = written == len(lines)
            state = replace(state, lines=state.lines + len(batch), position=after if last else rest)
            yield state

    def saved(self) -> None: ...

    def abandon(self) -> None: ...

    def close(self, state: CopyState, notes: list[Line]) -> CopyState:
        at = state.position.last or self._part.stopped_at
        if state.rejected:
            text = (
                f"{state.rejected} lines are missing here: CloudWatch Logs takes none that are "
                "older than 14 days or the retention of this log group. They are in "
                f"{self._part.whereabouts}."
            )
            notes = [*notes, Line(at, text)]
        events = [note_event(note) for note in notes]
        if self._part.title and state.lines:
            events.append((at, group_end_line(at).decode()))
        for batch in batches(events):
            self._put(state, batch)
        return state

    def _put(self, state: CopyState, batch: list[Event]) -> CopyState:
        rejected = self._streams.put(self._target.group, self._target.stream, batch)
        size = sum(len(text.encode()) for _, text in batch)
        return replace(state, rejected=state.rejected + rejected, size=state.size + size)


def note_event(note: Line) -> Event:
    return note.timestamp, note_line(note).decode()


def batches(events: list[Event], batch_bytes: int = BATCH_BYTES) -> Iterator[list[Event]]:
    """Splits the events, which are in order of time, into batches that PutLogEvents accepts."""
    numbers = _Numbers(batch_bytes)
    for _, batch in groupby(events, key=numbers):
        yield list(batch)


class _Numbers:
    """Says which batch each event belongs to."""

    def __init__(self, batch_bytes: int) -> None:
        self._batch_bytes = batch_bytes
        self._number = self._count = self._size = self._first = 0

    def __call__(self, event: Event) -> int:
        size = len(event[1].encode()) + EVENT_OVERHEAD
        if (
            self._count == 0
            or self._count == BATCH_EVENTS
            or self._size + size > self._batch_bytes
            or event[0] - self._first >= BATCH_MILLISECONDS
        ):
            self._number += 1
            self._count, self._size, self._first = 0, 0, event[0]
        self._count += 1
        self._size += size
        return self._number
