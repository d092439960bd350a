"""A copy to S3: one object beside the try's log; for a large log, a second object with the whole
log."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec.structs import replace

from jetbridge.contract import S3LogTarget
from jetbridge.contract.lines import Line
from jetbridge.logs.airflow_lines import (
    Repeats,
    airflow_line,
    group_end_line,
    group_line,
    note_line,
)
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.port import Objects, UploadGone
from jetbridge.logs.position import Position
from jetbridge.logs.sinks import StartOver
from jetbridge.queues.copies import LogPart

# S3 takes 10,000 parts of at least 5 MiB each ("Amazon S3 multipart upload limits"): 78 GiB in
# parts of 8 MiB. The last one is for the end of the log.
PART_BYTES = 8 * 1024 * 1024
MOST_PARTS = 10_000
# Airflow's reader must not list it with the try's log: its key doesn't begin like that one's.
WHOLE = "jetbridge-whole/"


class S3Sink:
    """Holds up to ``part_bytes`` and a page of lines in memory, nothing on disk.

    A small log is one object, ``<key prefix>.<name>``. For a large log, that object has the
    beginning and the end, and between them a line that says where the whole log is.
    """

    def __init__(
        self,
        objects: Objects,
        part: LogPart,
        target: S3LogTarget,
        run_id: str,
        log_prefix: str,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._objects = objects
        self._part = part
        self._bucket = target.bucket
        self._key = f"{target.key_prefix}.{part.name}"
        self._whole = whole_key(target, log_prefix, f"{run_id}.{part.name}")
        self._part_bytes = part_bytes
        self._buffer = bytearray()
        self._lines = 0
        self._unsaved_upload: str | None = None
        self._repeats: Repeats | None = None

    @property
    def replaces(self) -> bool:
        return True

    @property
    def is_empty(self) -> bool:
        return not self._buffer

    def is_full(self, state: CopyState) -> bool:
        return len(state.etags) >= MOST_PARTS - 1

    def add(self, state: CopyState, lines: list[Line], after: Position) -> Iterator[CopyState]:
        if lines and self._part.title and not state.lines and not self._lines:
            self._write(group_line(lines[0].timestamp, self._part.title))
        repeats = self._repeats = self._repeats or Repeats(state.position)
        logger, where = self._part.logger, self._part.whereabouts
        for line in lines:
            self._write(airflow_line(line, logger, repeats(line), where))
        self._lines += len(lines)
        if len(self._buffer) >= self._part_bytes:
            yield replace(self._uploaded(state), position=after)

    def saved(self) -> None:
        self._unsaved_upload = None

    def abandon(self) -> None:
        if self._unsaved_upload is not None:
            self._objects.abort(self._bucket, self._whole, self._unsaved_upload)

    def close(self, state: CopyState, notes: list[Line]) -> CopyState:
        for note in notes:
            self._write(note_line(note))
        if self._part.title and (state.lines or self._lines):
            self._write(group_end_line(state.position.last or self._part.stopped_at))
        if state.upload is not None:
            return self._complete(state)
        content = self._buffer
        shown = self._part.shown_bytes
        if len(content) > 2 * shown:
            self._objects.put(self._bucket, self._whole, bytes(content))
            self._show(content[:shown], content[-shown:], len(content))
        else:
            self._objects.put(self._bucket, self._key, bytes(content))
        return replace(state, lines=self._lines)

    def _write(self, line: bytes) -> None:
        self._buffer += line + b"\n"

    def _uploaded(self, state: CopyState) -> CopyState:
        upload = state.upload
        if upload is None:
            upload = self._unsaved_upload = self._objects.begin(self._bucket, self._whole)
        number, body = len(state.etags) + 1, bytes(self._buffer)
        try:
            etag = self._objects.upload(self._bucket, self._whole, upload, number, body)
        except UploadGone as gone:
            raise StartOver(str(gone)) from gone
        written = replace(
            state,
            upload=upload,
            etags=[*state.etags, etag],
            size=state.size + len(body),
            lines=state.lines + self._lines,
        )
        self._buffer.clear()
        self._lines = 0
        return written

    def _complete(self, state: CopyState) -> CopyState:
        """If this is repeated after a crash, the upload no longer exists and the whole log does."""
        assert state.upload is not None  # nosec B101 # narrows the type
        upload, written = state.upload, state
        try:
            if self._buffer:
                written = self._uploaded(state)
            self._objects.complete(self._bucket, self._whole, upload, written.etags)
            size = written.size
        except (UploadGone, StartOver) as gone:
            there = self._objects.size(self._bucket, self._whole)
            if there is None:
                self._objects.abort(self._bucket, self._whole, upload)
                raise StartOver(str(gone)) from gone
            size = there
        shown = min(self._part.shown_bytes, size // 2)
        head = self._objects.read(self._bucket, self._whole, 0, shown)
        tail = self._objects.read(self._bucket, self._whole, size - shown, size)
        self._show(head, tail, size)
        return written

    def _show(self, head: bytes | bytearray, tail: bytes | bytearray, size: int) -> None:
        """Whole lines of the beginning and the end of a log, and where all of it is."""
        first = head[: head.rfind(b"\n") + 1]
        last = tail[tail.find(b"\n") + 1 :]
        text = (
            f"Only the beginning and the end are shown here: {size - len(first) - len(last):,} of "
            f"{size:,} bytes are left out. The whole log is s3://{self._bucket}/{self._whole}, "
            f"and {self._part.whereabouts}."
        )
        at = time_of(first) or time_of(last) or self._part.stopped_at
        link = note_line(Line(at, text)) + b"\n"
        self._objects.put(self._bucket, self._key, bytes(first) + link + bytes(last))


def whole_key(target: S3LogTarget, log_prefix: str, name: str) -> str:
    """Where the whole log is: ``<AirflowLogPrefix>/jetbridge-whole/<rest of the key>.<name>``.

    All keys begin in the same way, below the stack's own prefix, so that one lifecycle rule can
    expire them.
    """
    slash = "" if not log_prefix or log_prefix.endswith("/") else "/"
    rest = target.key_prefix.removeprefix(log_prefix).removeprefix(slash or "/")
    return f"{log_prefix}{slash}{WHOLE}{rest}.{name}"


def time_of(lines: bytes | bytearray) -> int | None:
    """Epoch milliseconds of the last of some lines of a log."""
    last = bytes(lines).rstrip(b"\n").rpartition(b"\n")[2]
    if not last:
        return None
    moment = msgspec.json.decode(last)["timestamp"]
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
