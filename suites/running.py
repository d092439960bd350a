"""Runs suites side by side, each in a process of its own with its output in a file."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from suites.coverage import measuring
from suites.junit import Cases, cases
from suites.plan import ROOT, TIERS, VARIABLES, Suite

SUITE_SECONDS = 3600.0
_STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Ran:
    """The result of a suite.

    ``seconds`` are of the wall. ``cpu_seconds`` are of pytest and of the processes that it waited
    for: those that go on by themselves are missing. ``problem`` is what kept pytest from ending
    with a report, "" if nothing did.
    """

    suite: Suite
    cases: Cases
    seconds: float
    cpu_seconds: float
    problem: str = ""

    @property
    def good(self) -> bool:
        return not self.problem and self.cases.passed > 0 and not self.cases.failed


class Lanes:
    """So many processes compute at the same time."""

    def __init__(self, number: int) -> None:
        self._number = self._free = number
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, number: int) -> Iterator[None]:
        """Wait until as many lanes are free, and take them; a suite that asks for more than there
        are takes all."""
        wanted = min(number, self._number)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()


class Runner:
    """Keeps reports, outputs and coverage in ``folder``."""

    def __init__(self, folder: Path, tier: str, seconds: float = SUITE_SECONDS) -> None:
        self._folder = folder
        self._tier = tier
        self._seconds = seconds
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._over = False
        folder.mkdir(parents=True, exist_ok=True)

    def run(
        self,
        suites: Sequence[Suite],
        lanes: int,
        began: Callable[[Suite], object],
        ended: Callable[[Ran], object],
    ) -> list[Ran]:
        """Run all of them in this many lanes. An interruption ends those that are running."""
        free = Lanes(lanes)

        def one(suite: Suite) -> Ran:
            with free.taken(suite.lanes):
                began(suite)
                ran = self._run(suite, shown=lanes == 1)
            ended(ran)
            return ran

        with ThreadPoolExecutor(lanes) as threads:
            tasks = [threads.submit(one, suite) for suite in suites]
            try:
                wait(tasks, return_when=FIRST_EXCEPTION)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                self._interrupt()
                raise
            return [task.result() for task in tasks]

    def output(self, suite: Suite) -> Path:
        return self._folder / f"{suite.name}.log"

    def report(self, suite: Suite) -> Path:
        return self._folder / f"{suite.name}.xml"

    def command(self, suite: Suite) -> list[str]:
        """pytest on the suite."""
        before, after = measuring(suite, self._folder)
        command = [str(suite.python), *before, "-m", "pytest", "-q", *suite.options, *after]
        command += [*TIERS[self._tier], "--junit-xml", str(self.report(suite))]
        command += ["-o", f"cache_dir={self._folder / f'{suite.name}.cache'}"]
        return [*command, *suite.paths]

    def _run(self, suite: Suite, *, shown: bool) -> Ran:
        report = self.report(suite)
        report.unlink(missing_ok=True)
        data = str(self._folder / f"coverage.{suite.name}")
        environment = {**os.environ, "COVERAGE_FILE": data, **VARIABLES[self._tier]}
        began = time.monotonic()
        with self.output(suite).open("wb") as log:
            code, cpu = self._wait(self.command(suite), environment, None if shown else log)
        seconds = time.monotonic() - began
        # 0: all passed, 1: some failed. The others are crashes, misuse, and that nothing was found.
        problem = "" if code in (0, 1) and report.is_file() else f"pytest ended with {code}"
        found = cases(report) if report.is_file() else Cases()
        return Ran(suite, found, seconds, cpu, problem)

    def _wait(
        self, command: Sequence[str], environment: dict[str, str], output: IO[bytes] | None
    ) -> tuple[int, float]:
        """The exit status, and the seconds of CPU."""
        with self._lock:
            if self._over:
                return -signal.SIGINT, 0.0
            # A group of its own: a terminal's Ctrl-C reaches pytest once, from here.
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
            self._running.add(process.pid)
        late = threading.Timer(self._seconds, lambda: _stop(process.pid))
        late.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        finally:
            late.cancel()
            with self._lock:
                self._running.discard(process.pid)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, used.ru_utime + used.ru_stime

    def _interrupt(self) -> None:
        with self._lock:
            self._over = True
            running = list(self._running)
        for pid in running:
            _stop(pid)


def _stop(pid: int) -> None:
    """Interrupt it as Ctrl-C does, so that fixtures end what they have started; much later, kill
    it."""
    kill = threading.Timer(_STOP_SECONDS, lambda: _signal(pid, signal.SIGKILL))
    kill.daemon = True
    kill.start()
    _signal(pid, signal.SIGINT)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
