"""The matrix as a table for people and one JSON object for programs."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from matrix.cells import release
from matrix.running import Outcome
from matrix.suite import Ran

NOT_RUN = "-"


def show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print the table, the ids of what failed, and the JSON object as the last line."""
    console.print(table(outcomes))
    for outcome in outcomes:
        for failure in outcome.failures:
            console.print(f"{outcome.cell.name}: {failure}", markup=False, highlight=False)
    print(as_json(outcomes), file=console.file, flush=True)


def table(outcomes: Sequence[Outcome]) -> Table:
    shown = Table(title="The provider's tests by version (passed / failed / skipped)")
    for heading in ("Airflow", "Python", "amazon provider"):
        shown.add_column(heading)
    for heading in ("tests/provider", "a whole Airflow", "seconds"):
        shown.add_column(heading, justify="right")
    shown.add_column("")
    for outcome in outcomes:
        shown.add_row(
            release(outcome.cell.airflow),
            outcome.cell.python,
            outcome.amazon or NOT_RUN,
            _counts(outcome.provider),
            _counts(outcome.real),
            f"{outcome.seconds:.0f}",
            "ok" if outcome.good else "FAILED",
        )
    return shown


def as_json(outcomes: Sequence[Outcome]) -> str:
    good = all(outcome.good for outcome in outcomes)
    cells = {outcome.cell.name: _figures(outcome) for outcome in outcomes}
    return json.dumps({"matrix": cells, "good": good}, allow_nan=False)


def _figures(outcome: Outcome) -> dict[str, Any]:
    return {
        "airflow": release(outcome.cell.airflow),
        "amazon": outcome.amazon,
        "provider": _numbers(outcome.provider),
        "real": _numbers(outcome.real) if outcome.real else None,
        "install_seconds": round(outcome.install_seconds, 1),
        "seconds": round(outcome.seconds, 1),
        "failures": outcome.failures,
        "good": outcome.good,
    }


def _numbers(ran: Ran) -> dict[str, float]:
    return {
        "passed": ran.passed,
        "failed": ran.failed,
        "skipped": ran.skipped,
        "seconds": round(ran.seconds, 1),
    }


def _counts(ran: Ran | None) -> str:
    return f"{ran.passed} / {ran.failed} / {ran.skipped}" if ran else NOT_RUN
