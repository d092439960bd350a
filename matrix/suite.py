"""Runs pytest in a process of its own and reads the results from its JUnit report."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matrix.cells import ROOT
from suites.junit import cases

LINES_OF_A_CRASH = 15


@dataclass(frozen=True)
class Ran:
    """Counts of tests; ``failures`` are their ids, or the end of what a crash printed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing failed, and something ran."""
        return self.passed > 0 and not self.failed


def run_pytest(
    python: Path, arguments: Sequence[str], environment: Mapping[str, str], timeout: float
) -> Ran:
    """Run pytest to its end; one that crashes or takes longer counts as one failure."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report, output = Path(folder) / "report.xml", Path(folder) / "output"
        command = [str(python), "-m", "pytest", "-q", f"--junit-xml={report}", *arguments]
        problem = _run(command, environment, output, timeout)
        seconds = time.monotonic() - began
        if problem is None and report.is_file():
            return read_report(report, seconds)
        tail = output.read_text(errors="replace").splitlines()[-LINES_OF_A_CRASH:]
        return Ran(failed=1, seconds=seconds, failures=["\n".join([problem or "crashed", *tail])])


def read_report(report: Path, seconds: float) -> Ran:
    """What pytest's JUnit report says. Errors of fixtures count as failures."""
    found = cases(report)
    return Ran(found.passed, found.failed, found.skipped, seconds, found.failures)


def _run(
    command: Sequence[str], environment: Mapping[str, str], output: Path, timeout: float
) -> str | None:
    """Returns what kept pytest from ending by itself with a report, None if nothing did."""
    with output.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            _interrupt(process)
            return f"took over {timeout:g} s"
        except BaseException:
            _interrupt(process)
            raise
    # 0: all passed, 1: some failed. The others are crashes, misuse, and that nothing was found.
    return None if code in (0, 1) else f"pytest exited with {code}"


def _interrupt(process: "subprocess.Popen[bytes]") -> None:
    """As Ctrl-C does, so that pytest's fixtures end what they have started."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
