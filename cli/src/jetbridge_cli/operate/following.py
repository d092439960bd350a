"""Follows a run until it is done, with its states and log lines as they come."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jetbridge.contract import Outcome, State
from jetbridge_cli.operate.finding_runs import known
from jetbridge_cli.operate.log_lines import LogLine, Reader, places_of
from jetbridge_cli.operate.record import Record
from jetbridge_cli.operate.tables import Tables

EVERY_SECONDS = 2.0
# CloudWatch Logs shows a line some seconds after it was printed. So a finished run's last lines are
# looked up this many more times.
_LAST_LOOKS = 2

SUCCEEDED, FAILED, STOPPED, STILL_RUNNING = 0, 4, 5, 6


@dataclass(frozen=True)
class Step:
    """News about a run: its state in words, or "" if it hasn't changed, and new lines."""

    record: Record
    said: str
    lines: list[LogLine]


def follow(
    tables: Tables,
    run_id: str,
    reader: Reader | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Step]:
    """Yield the news about a run until its outcome is sealed. Yields at least one step.

    Raises: Problem
    """
    before, looks = "", 0
    while True:
        record = known(tables, run_id)
        said = in_words(record)
        lines: list[LogLine] = []
        if reader is not None:
            region = tables.aws.dynamodb.meta.region_name
            lines = reader.new(places_of(tables.aws, record, region)[0])
        yield Step(record, said if said != before else "", lines)
        before = said
        if record.finished:
            if reader is None or looks == _LAST_LOOKS:
                return
            looks += 1
        sleep(EVERY_SECONDS)


def in_words(record: Record) -> str:
    """A run's state in one line."""
    outcome = record.outcome
    if outcome is not None:
        codes = ", ".join(f"{name} {code}" for name, code in outcome.exit_codes.items())
        parts = [f"{outcome.state} ({outcome.cause})", codes and f"exit code: {codes}"]
        if outcome.state is not State.SUCCEEDED:
            parts += [outcome.reason, outcome.advice]
        return "; ".join(filter(None, parts))
    launch = record.row.launch if record.row else 1
    again = f", launch {launch}" if launch > 1 else ""
    waits = record.waiting
    if waits is not None and waits.launch >= launch and record.state not in ("running", "launched"):
        return f"{record.state}{again}: waits: {waits.reason}"
    if record.row is not None and record.row.stop is not None:
        return f"{record.state}{again}, stop asked for: {record.row.stop.reason}"
    task = f" as {record.row.backend_id}" if record.row and record.row.backend_id else ""
    return f"{record.state}{again}{task}"


def exit_code_of(outcome: Outcome) -> int:
    """The exit code for scripts: 0, 4 (failed) or 5 (stopped)."""
    return {State.SUCCEEDED: SUCCEEDED, State.FAILED: FAILED}.get(outcome.state, STOPPED)


def container_exit_code(outcome: Outcome) -> int | None:
    """The deciding container's exit code as a process exit code (0-255). None if it has none.

    If several containers decide, the first code that isn't 0.
    """
    codes = outcome.exit_codes
    deciding = [codes[name] for name in outcome.deciding if name in codes] or list(codes.values())
    if not deciding:
        return None
    return next((code for code in deciding if code), 0) & 0xFF
