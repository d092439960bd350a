"""Writes a run's story to the task's log: how it was launched, since when it has been running, and
how it ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from jetbridge.contract import (
    ContractError,
    Launched,
    Outcome,
    State,
    Waiting,
    decode,
    inert_lines,
    read_record,
)

KINDS = {"ecs": "ECS task", "batch": "Batch job"}
"""AWS's name for a launch on each backend."""


WAITS = {
    "capacity": "waits for capacity",
    "another_launch": "waits for another launch",
    "throttle": "waits, because AWS throttles launches,",
    "launch_queue": "waits in the launch queue",
    "job_queue": "waits to be started by Batch and blocks its job queue",
    "concurrency_group": "waits for its concurrency group",
}

NOT_RUNNING = {
    "ecs": "ECS places it, prepares its network and pulls its images",
    "batch": "it waits in its queue for room (RUNNABLE), or its images are pulled (STARTING)",
}


class Storyteller:
    """Logs each part of the story once, however often the record is read.

    Args:
        log: the task's log. Any object with ``info`` and ``warning``.
    """

    def __init__(self, log: Any) -> None:
        self._log = log
        self._told: set[tuple[int, bool]] = set()
        self._last: Launched | None = None
        self._waits: tuple[int, str, float | None] | None = None
        self._seen = 0
        self._reminded: set[int] = set()

    def tell(self, kind: Literal["waiting", "launched"], record: str) -> Launched | None:
        """Log what is new in a record (JSON text) of this kind.

        Never raises. Returns a launch that can be read, and None for any other record.
        """
        if kind == "launched":
            return self.launched(record)
        self.waiting(record)
        return None

    def launched(self, record: str) -> Launched | None:
        """Log what is new in a ``Launched`` record (JSON text), and return the record.

        Never raises. Returns None if the record can't be read.
        """
        try:
            launch = decode(Launched, read_record(record))
        except ContractError as error:
            text = inert_lines(str(error))
            self._log.warning("The record of the launch can't be read: %s", text)
            return None
        self._last = launch
        if self._new(launch.launch, running=False):
            self._log.info(
                "Run %s is launched as %s %s%s",
                launch.run_id,
                KINDS[launch.backend],
                launch.backend_id,
                _which(launch.launch),
            )
        if launch.started_at and self._new(launch.launch, running=True):
            self._log.info("Run %s has been running since %s", launch.run_id, launch.started_at)
        return launch

    def waiting(self, record: str) -> None:
        """Log what a run waits for, from a ``Waiting`` record (JSON text).

        Logs again only if the reason or its end time changes. Never raises.
        """
        try:
            waits = decode(Waiting, read_record(record))
        except ContractError as error:
            text = inert_lines(str(error))
            self._log.warning("The record of what the run waits for can't be read: %s", text)
            return
        waits_for = (waits.launch, waits.what, waits.until)
        if waits_for == self._waits or self._is_over(waits):
            return
        self._waits = waits_for
        self._log.info(
            "Run %s %s since %s%s%s: %s",
            waits.run_id,
            WAITS[waits.what],
            _time(waits.since),
            f", next tried at {_time(waits.next_at)}" if waits.next_at else "",
            f", until {_time(waits.until)} at most" if waits.until else "",
            inert_lines(waits.reason),
        )

    def _is_over(self, waits: Waiting) -> bool:
        last = self._last
        if last is None or last.launch < waits.launch:
            return False
        starts = waits.what == "job_queue" and last.launch == waits.launch
        return bool(last.started_at) if starts else True

    def remind(self, run_id: str) -> bool:
        """Log that half a minute has passed without a launch, or without a running container.

        Called twice a minute. Logs once for each launch, at the second call after it. Returns
        whether to call again.
        """
        last = self._last
        if last is not None and last.started_at:
            return False
        launch = last.launch if last else 0
        if launch in self._reminded or launch != self._seen:
            self._seen = launch
            return True
        self._reminded.add(launch)
        if last is not None:
            kind, doing = KINDS[last.backend], NOT_RUNNING[last.backend]
            self._log.info("Run %s: its %s doesn't run yet: %s", run_id, kind, doing)
        elif self._waits is None:
            self._log.info(
                "Run %s isn't launched yet: it waits in the launch queue, behind other runs", run_id
            )
        return True

    def _new(self, launch: int, *, running: bool) -> bool:
        chapter = (launch, running)
        if chapter in self._told:
            return False
        self._told.add(chapter)
        return True


def tell_outcome(log: Any, outcome: Outcome) -> None:
    """Log the whole story of an ended run."""
    for death in outcome.deaths:
        log.info(
            "Run %s: launch %s (%s) was replaced: %s. AWS says: %s",
            outcome.run_id,
            death.launch,
            death.backend_id or "nothing was launched",
            death.cause.replace("_", " "),
            inert_lines(death.reason),
        )
    if outcome.backend_id:
        log.info(
            "Run %s was launched as %s %s%s",
            outcome.run_id,
            KINDS[outcome.backend],
            outcome.backend_id,
            _which(outcome.launches),
        )
    if outcome.started_at:
        times = outcome.started_at, str(outcome.stopped_at)
        log.info("Run %s ran from %s to %s", outcome.run_id, *map(inert_lines, times))
    log.info(
        "Run %s %s%s: %s, exit codes %s",
        outcome.run_id,
        outcome.state,
        f" by {inert_lines(outcome.stopped_by)}" if outcome.stopped_by else "",
        outcome.cause.replace("_", " "),
        outcome.exit_codes,
    )
    for stream in outcome.unread:
        log.warning(
            "Run %s: the end of log stream %s was not read, so a result that its container "
            "reported is not known here",
            outcome.run_id,
            inert_lines(stream),
        )
    if outcome.advice and outcome.state is State.SUCCEEDED:
        log.warning("Run %s: %s", outcome.run_id, inert_lines(outcome.advice))
    if outcome.size_advice:
        log.info("Run %s, size: %s", outcome.run_id, inert_lines(outcome.size_advice))


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _which(launch: int) -> str:
    return f" (launch {launch})" if launch > 1 else ""
