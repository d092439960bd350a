"""Coverage of the core and of the provider, each as one suite measures it."""

import json
from collections.abc import Sequence
from pathlib import Path

from suites.plan import Suite


def measuring(suite: Suite, folder: Path) -> tuple[list[str], list[str]]:
    """What has a suite measure coverage: options of Python and of pytest.

    slipcover costs next to nothing, and doesn't know the processes that tests start. Coverage.py
    knows those (docs/decisions/086-slipcover-measures-the-cores-coverage.md).
    """
    if suite.measured is None:
        return [], []
    report = _report(folder, suite)
    report.unlink(missing_ok=True)
    if suite.processes:
        measured = [f"--cov={suite.measured.module}", f"--cov-report=json:{report}"]
        return [], [*measured, "--cov-branch", "--cov-config=suites/processes.coveragerc"]
    written = ["--json", "--out", str(report)]
    return ["-m", "slipcover", "--branch", "--source", suite.measured.source, *written], []


def coverage(folder: Path, suites: Sequence[Suite]) -> dict[str, dict[str, float]]:
    """Percent of the statements and of the branches that were run, by package."""
    return {
        suite.measured.name: _percent(report, suite.measured.source)
        for suite in suites
        if suite.measured and (report := _report(folder, suite)).is_file()
    }


def _report(folder: Path, suite: Suite) -> Path:
    return folder / f"coverage.{suite.name}.json"


def _percent(report: Path, source: str) -> dict[str, float]:
    files = json.loads(report.read_text())["files"]
    summaries = [each["summary"] for path, each in files.items() if path.startswith(source)]

    def share(kind: str) -> float:
        covered, missing = (
            sum(summary[f"{which}_{kind}"] for summary in summaries)
            for which in ("covered", "missing")
        )
        return float(round(100 * covered / (covered + missing), 1))

    return {"statements": share("lines"), "branches": share("branches")}
