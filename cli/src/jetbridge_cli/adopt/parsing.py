"""Parses a folder's DAGs with an Airflow that has the provider.

The command has no Airflow. It runs the Python of an environment with Airflow, because the operators
and policies of that environment count.
"""

import json
import shutil
import subprocess  # nosec B404 # Airflow's own Python parses its DAGs
import tempfile
from pathlib import Path
from typing import Any

from jetbridge_cli.problems import Problem

MODULE = "airflow_provider_jetbridge.adopt.check"
_LAST_LINES = 5
_TIMEOUT_SECONDS = 600


def find_python(given: Path | None) -> Path:
    """Find the Python of an environment with Airflow: the given one, or the one of ``airflow`` in
    PATH.

    Raises:
        Problem: there is no such Python.
    """
    if given is not None:
        if not given.exists():
            raise Problem(
                f"--python is {given}, which doesn't exist: give the Python of Airflow's "
                "environment"
            )
        return given
    airflow = shutil.which("airflow")
    beside = Path(airflow).resolve().parent / "python" if airflow else None
    if beside is None or not beside.exists():
        raise Problem(
            "no Airflow is in PATH: give --python, the Python of an environment that has Airflow "
            "and airflow-provider-jetbridge"
        )
    return beside


def parse(python: Path, folder: Path, adopt: str, percent: float | None) -> dict[str, Any]:
    """Run ``airflow_provider_jetbridge.adopt.check`` and return its report.

    Raises:
        Problem: the folder doesn't exist, or the other Python can't make the report.
    """
    if not folder.is_dir():
        raise Problem(f"{folder} isn't a folder: give the one with your DAGs")
    with tempfile.TemporaryDirectory(prefix="jetbridge-adopt-") as place:
        written = Path(place, "report.json")
        command = [str(python), "-m", MODULE, str(folder), "--to", str(written), "--adopt", adopt]
        command += [] if percent is None else ["--percent", str(percent)]
        try:
            ended = subprocess.run(  # nosec B603
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Problem(f"{python} can't parse {_what(written)}: {error}") from error
        if ended.returncode or not written.exists():
            why = _why(ended.stderr) or f"it ended with exit code {ended.returncode}"
            raise Problem(f"{python} can't parse {_what(written)}: {why}")
        report: dict[str, Any] = json.loads(written.read_text())
    return report


def reason_of(error: str) -> str:
    """The exception's own line in the traceback that Airflow keeps of a DAG file."""
    lines = error.strip().splitlines() or ["no reason"]
    frames = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    behind = lines[frames[-1] :] if frames else lines
    if not frames and behind[0].startswith("Traceback"):
        behind = behind[1:] or behind
    return next((line for line in behind if not line.startswith(" ")), lines[-1])


def _what(report: Path) -> str:
    """What was being parsed when Python ended: the other Python keeps the file's name beside its
    report."""
    parsing = report.with_suffix(".parsing")
    file = parsing.read_text() if parsing.exists() else ""
    return f"{file} (correct it, or list it in .airflowignore)" if file else "the DAGs"


def _why(errors: str) -> str:
    if f"No module named '{MODULE.partition('.')[0]}'" in errors:
        return "install airflow-provider-jetbridge there"
    return "\n".join(errors.strip().splitlines()[-_LAST_LINES:])
