"""copy_logs: copies the lines of an ended run to where Airflow reads the log of its try."""

import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.aws.records import Record
from jetbridge.contract import CloudWatchLogTarget, LogTarget, S3LogTarget
from jetbridge.logs.airflow_lines import note_line
from jetbridge.logs.copy_stream import CopyStream
from jetbridge.logs.copy_to_cloudwatch import CloudWatchSink, batches, note_event
from jetbridge.logs.copy_to_s3 import PART_BYTES, S3Sink
from jetbridge.logs.live.close import CloseLive
from jetbridge.logs.members import (
    FAILED_CHILDREN,
    FIRST_CHILDREN,
    NODES,
    array_size,
    node_count,
)
from jetbridge.logs.parts import Plan, plans
from jetbridge.logs.port import JobRecords, Objects, Streams
from jetbridge.logs.settling import settle_wait
from jetbridge.logs.sinks import Sink
from jetbridge.logs.whereabouts import earlier_launches, has_all_streams, whereabouts
from jetbridge.queues.copies import CopyMessage, LogPart
from jetbridge.queues.port import GiveUp, Queue
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Run


class Copy(Struct, frozen=True):
    """Attributes:
    copy_stream: does the work of one part.
    queue: copy_logs' own; each part of a run but the first has a message of its own.
    log_prefix: the stack's ``AirflowLogPrefix``.
    close_live: removes what was shown while the containers ran; None: nothing was.
    """

    runs: Runs
    copy_stream: CopyStream
    objects: Objects
    streams: Streams
    jobs: JobRecords
    queue: Queue[CopyMessage]
    region: str
    log_prefix: str
    clock: Callable[[], float] = time.time
    part_bytes: int = PART_BYTES
    close_live: CloseLive | None = None

    def __call__(self, message: CopyMessage, remaining: Callable[[], float]) -> int:
        """Handle a message of the logs queue.

        Without ``part``, it asks for all lines of an ended run, for each try that waits for it.
        With ``part``, it asks for the lines of that part, from where its copy ended, or from the
        beginning if it is ``fresh``; ``since`` says since when nothing of the part could be read.
        All messages may be repeated. ``remaining`` gives the seconds that the invocation has left.

        Returns:
            How many lines were copied.

        Raises:
            GiveUp: a copy can't continue. The copied log says so.
            Exception: the notes for some place could not be written. The rest has begun.
        """
        run_id = message.run_id
        if message.part is not None:
            return self._copy(message, message.part, remaining)
        run = self.runs.get(run_id)
        if run is None or run.ending is None or not run.log_targets:
            return 0
        wait = settle_wait(run, self.copy_stream.settle_seconds, self.clock())
        if wait:
            self.queue.send(message, wait)
            return 0
        parts, errors = self._begin(run, message.target)
        keys = [part.key(run_id) for part in parts] if self.close_live is not None else []
        for part in parts[1:]:
            self._send(CopyMessage(run_id=run_id, part=part, keys=keys, fresh=True))
        lines = 0
        if parts:
            first = CopyMessage(run_id=run_id, part=parts[0], keys=keys, fresh=True)
            lines = self._copy(first, parts[0], remaining)
        elif not errors:
            self._close_live(run_id, keys)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup(f"notes on the logs of run {run_id} are not written", errors)
        return lines

    def _begin(self, run: Run, target: LogTarget | None) -> tuple[list[LogPart], list[Exception]]:
        """Write the notes. Returns what else there is to copy, and why notes could not be written:
        a place that can't be written to must not hold up the others."""
        parts: list[LogPart] = []
        errors: list[Exception] = []
        for plan in plans(run, whereabouts(run, self.region, self._records(run))):
            if target is not None and plan.target != target:
                continue
            parts += plan.parts
            try:
                self._write_notes(run, plan)
            except Exception as error:
                errors.append(error)
        return parts, errors

    def _copy(self, message: CopyMessage, part: LogPart, remaining: Callable[[], float]) -> int:
        """``message.keys`` are for the last part to be done to know it."""
        run_id, keys, since = message.run_id, message.keys, message.since
        sink, noted = self._sink(run_id, part), bool(keys)
        try:
            lines, rest = self.copy_stream(
                part.key(run_id), part, sink, remaining, since, message.fresh, noted
            )
        except GiveUp:
            self._close_live(run_id, keys)
            raise
        if rest is None:
            self._close_live(run_id, keys)
            return lines
        stuck_since = (self.clock() if since is None else since) if rest.stuck else None
        later = CopyMessage(run_id=run_id, part=part, keys=keys, since=stuck_since)
        self._send(later, rest.delay_seconds)
        return lines

    def _close_live(self, run_id: str, keys: list[str]) -> None:
        if self.close_live is None:
            return
        run = self.runs.get(run_id)
        if run is not None and all(self.copy_stream.copies.get(key).done for key in keys):
            self.close_live(run)

    def _send(self, message: CopyMessage, delay_seconds: int = 0) -> None:
        self.queue.send(message, delay_seconds, group=message.run_id)

    def _sink(self, run_id: str, part: LogPart) -> Sink:
        match part.target:
            case S3LogTarget() as target:
                return S3Sink(self.objects, part, target, run_id, self.log_prefix, self.part_bytes)
            case CloudWatchLogTarget() as target:
                return CloudWatchSink(self.streams, part, target)

    def _write_notes(self, run: Run, plan: Plan) -> None:
        if not plan.notes:
            return
        match plan.target:
            case S3LogTarget(bucket, key_prefix):
                lines = [note_line(note) + b"\n" for note in plan.notes]
                self.objects.put(bucket, f"{key_prefix}.{plan.notes_name}", b"".join(lines))
            case CloudWatchLogTarget():
                self._write_events(run, plan.target, plan)

    def _write_events(self, run: Run, target: CloudWatchLogTarget, plan: Plan) -> None:
        """Events can't be replaced, so a state records that they were written."""
        copies, key = self.copy_stream.copies, plan.notes_key(run.run_id)
        state = copies.get(key)
        if state.done:
            return
        for batch in batches([note_event(note) for note in plan.notes]):
            self.streams.put(target.group, target.stream, batch)
        copies.save(key, replace(state, version=state.version + 1, done=True))

    def _records(self, run: Run) -> dict[str, Record]:
        """Batch's records of what the row doesn't have: the job's children or nodes, and earlier
        jobs."""
        if run.backend != "batch":
            return {}
        earlier = [str(death.backend_id) for death in earlier_launches(run)]
        job_id = run.backend_id
        if job_id is None or has_all_streams(run):
            return self.jobs.describe(earlier) if earlier else {}
        failed = self.jobs.failed_children(job_id, FAILED_CHILDREN) if array_size(run) else []
        first = [f"{job_id}:{index}" for index in range(min(FIRST_CHILDREN, array_size(run)))]
        records = self.jobs.describe(list(dict.fromkeys([job_id, *first, *failed, *earlier])))
        nodes = [f"{job_id}#{index}" for index in range(min(NODES, node_count(run, records)))]
        return records | (self.jobs.describe(nodes) if nodes else {})
