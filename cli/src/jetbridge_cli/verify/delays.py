"""Measures AWS's own delays in this account."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from jetbridge.contract import Outcome
from jetbridge_cli.verify.bench import Runs
from jetbridge_cli.verify.clock import epoch
from jetbridge_cli.verify.events import Events

_NAMES = {"ecs": "ECS", "batch": "AWS Batch"}


@dataclass(frozen=True)
class Delay:
    """Seconds between two times, with the number of runs or lines.

    Attributes:
        clocks: "AWS" if both times come from AWS, "mixed" if one comes from this machine.
    """

    what: str
    samples: int
    median: float
    p95: float
    longest: float
    clocks: str = "AWS"


def delays(runs: Runs, events: Events, line_to_shown: Sequence[float]) -> list[Delay]:
    """All delays that have samples."""
    found = [
        delay
        for backend in _NAMES
        for delay in _of_backend(
            _NAMES[backend], [each for each in runs.all if each.backend == backend], runs, events
        )
    ]
    announced = [
        events.announced[outcome.run_id] - outcome.finished_at
        for outcome in runs.all
        if outcome.run_id in events.announced
    ]
    found += _delay("outcome sealed → announcement delivered", announced)
    return found + _delay("line printed → seen in S3", line_to_shown, "mixed")


def _of_backend(name: str, outcomes: Sequence[Outcome], runs: Runs, events: Events) -> list[Delay]:
    started = [
        epoch(outcome.started_at) - runs.accepted[outcome.run_id]
        for outcome in outcomes
        if outcome.started_at and outcome.run_id in runs.accepted
    ]
    known = [
        (events.ends[outcome.backend_id], outcome)
        for outcome in outcomes
        if outcome.backend_id in events.ends
    ]
    return [
        *_delay(f"{name}: accepted → container runs", started, "mixed"),
        *_delay(
            f"{name}: container's end → event", [end.delivered - end.stopped for end, _ in known]
        ),
        *_delay(
            f"{name}: event → outcome sealed",
            [outcome.finished_at - end.delivered for end, outcome in known],
        ),
        *_delay(
            f"{name}: container's end → outcome sealed",
            [outcome.finished_at - end.stopped for end, outcome in known],
        ),
    ]


def _delay(what: str, seconds: Sequence[float], clocks: str = "AWS") -> list[Delay]:
    """A delay. None without samples."""
    if not seconds:
        return []
    in_order = sorted(seconds)
    p95 = in_order[math.ceil(0.95 * len(in_order)) - 1]
    median = statistics.median(in_order)
    return [
        Delay(what, len(in_order), round(median, 2), round(p95, 2), round(in_order[-1], 2), clocks)
    ]
