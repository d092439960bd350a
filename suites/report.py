"""The suites' results, as a table for people and one JSON object for programs."""

import json
from collections.abc import Sequence

from rich.table import Table

from suites.running import Ran


def table(found: Sequence[Ran]) -> Table:
    shown = Table(title="Test suites")
    shown.add_column("suite")
    for heading in ("passed", "failed", "skipped", "seconds", "CPU seconds"):
        shown.add_column(heading, justify="right")
    shown.add_column("")
    for ran in found:
        counts = (ran.cases.passed, ran.cases.failed, ran.cases.skipped)
        times = (f"{ran.seconds:.0f}", f"{ran.cpu_seconds:.0f}")
        verdict = "ok" if ran.good else ran.problem or "FAILED"
        shown.add_row(ran.suite.name, *map(str, counts), *times, verdict)
    return shown


def as_json(
    tier: str, found: Sequence[Ran], seconds: float, coverage: dict[str, dict[str, float]]
) -> str:
    """Coverage of a package is that of the suite which measures it: the core's in the processes of
    the unit tests, the provider's in the processes that its tests start, too."""
    return json.dumps(
        {
            "tier": tier,
            "good": all(ran.good for ran in found),
            "seconds": round(seconds, 1),
            "suites": {
                ran.suite.name: {
                    "seconds": round(ran.seconds, 1),
                    "cpu_seconds": round(ran.cpu_seconds, 1),
                    "passed": ran.cases.passed,
                    "failed": ran.cases.failed,
                    "skipped": ran.cases.skipped,
                }
                for ran in found
            },
            "tests": sum(ran.cases.passed + ran.cases.failed for ran in found),
            "reruns": sum(ran.cases.reruns for ran in found),
            "coverage": coverage,
            "coverage_of": [ran.suite.name for ran in found if ran.suite.measured],
        },
        allow_nan=False,
    )
