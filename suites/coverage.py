"""Coverage of the core and of the provider, over all suites that measured it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from suites.plan import ROOT

PACKAGES = {"core": "layers/jetbridge/src", "provider": "airflow_provider/src"}


def coverage(folder: Path, suites: Sequence[str]) -> dict[str, dict[str, float]]:
    """Percent of the statements and of the branches that were run, by package.

    ``folder`` has one data file for each of the suites.
    """
    files = [str(path) for name in suites if (path := folder / f"coverage.{name}").is_file()]
    if not files:
        return {}
    data, report = folder / "coverage", folder / "coverage.json"
    call = [sys.executable, "-m", "coverage"]
    kept = f"--data-file={data}"
    _run([*call, "combine", "--keep", "--quiet", kept, *files])
    _run([*call, "json", "--quiet", kept, "-o", str(report)])
    found = json.loads(report.read_text())["files"]
    return {name: _percent(found, source) for name, source in PACKAGES.items()}


def _percent(files: dict[str, dict[str, dict[str, int]]], source: str) -> dict[str, float]:
    summaries = [each["summary"] for path, each in files.items() if path.startswith(source)]

    def share(covered: str, of: str) -> float:
        total = sum(summary[of] for summary in summaries)
        return round(100 * sum(summary[covered] for summary in summaries) / total, 1)

    return {
        "statements": share("covered_lines", "num_statements"),
        "branches": share("covered_branches", "num_branches"),
    }


def _run(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True)
