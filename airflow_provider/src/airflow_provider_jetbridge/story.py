"""A run's story in the log of its task: launched as what, running since when, ended how."""

from __future__ import annotations

from typing import Any

from jetbridge.contract import (
    ContractError,
    Launched,
    Outcome,
    State,
    decode,
    inert_lines,
    read_record,
)

KINDS = {"ecs": "ECS task", "batch": "Batch job"}
"""What AWS calls a launch of each backend."""


class Storyteller:
    """Tells each chapter once, however often the record is read.

    Args:
        log: of the task; anything with ``info`` and ``warning``.
    """

    def __init__(self, log: Any) -> None:
        self._log = log
        self._told: set[tuple[int, bool]] = set()

    def launched(self, record: str) -> Launched | None:
        """Tell what is new in a ``Launched`` record, given as JSON text, and return it.

        Never raises: one that can't be read is None.
        """
        try:
            launch = decode(Launched, read_record(record))
        except ContractError as error:
            text = inert_lines(str(error))
            self._log.warning("The record of the launch can't be read: %s", text)
            return None
        if self._new(launch.launch, running=False):
            self._log.info(
                "Run %s is launched as %s %s%s",
                launch.run_id,
                KINDS[launch.backend],
                launch.backend_id,
                _which(launch.launch),
            )
        if launch.started_at and self._new(launch.launch, running=True):
            self._log.info("Run %s runs since %s", launch.run_id, launch.started_at)
        return launch

    def _new(self, launch: int, *, running: bool) -> bool:
        chapter = (launch, running)
        if chapter in self._told:
            return False
        self._told.add(chapter)
        return True


def tell_outcome(log: Any, outcome: Outcome) -> None:
    """Tell a run's whole story, when it has ended."""
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
        log.info("Run %s ran from %s to %s", outcome.run_id, outcome.started_at, outcome.stopped_at)
    log.info(
        "Run %s %s: %s, exit codes %s",
        outcome.run_id,
        outcome.state,
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


def _which(launch: int) -> str:
    return f" (launch {launch})" if launch > 1 else ""
