"""The processes of one Airflow: each has a session of its own, and is recorded so that it can be
ended."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from jetbridge_local.processes import ProcessTable

TAIL_BYTES = 4000


class ComponentFailed(RuntimeError):
    """A process of Airflow ended on its own; the text has the end of its log."""


class Components:
    """Starts processes with their output in ``<logs>/<name>.log``, and ends them with offspring.

    Airflow gives each running task a process group of its own (task-sdk, supervisor.py), but it
    stays in the session of the component that started it. So a session is what is ended.
    """

    def __init__(self, logs: Path, table: ProcessTable, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._table = table
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        with _uninterrupted(), self.log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self._environment, **(variables or {})},
                start_new_session=True,
            )
            self._running[name] = process
            self._table.started(process.pid)

    def run(self, name: str, command: Sequence[str], timeout: float) -> None:
        """Run one component to its end.

        Raises:
            ComponentFailed: it exits with another code than 0, or takes longer.
        """
        self.start(name, command)
        try:
            code = self._running[name].wait(timeout)
        except subprocess.TimeoutExpired:
            raise ComponentFailed(f"{name} took over {timeout} s. {self._tail(name)}") from None
        finally:
            self.stop(name)
        if code:
            raise ComponentFailed(f"{name} exited with {code}. {self._tail(name)}")

    def check(self) -> None:
        """Raise ComponentFailed if a component has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ComponentFailed(
                    f"{name} exited with {process.returncode}. {self._tail(name)}"
                )

    def stop(self, *names: str, grace_seconds: float = 5.0) -> None:
        """End these components, or all: SIGTERM to each leader, SIGKILL to what is left of its
        session."""
        with _uninterrupted():
            ending = {
                name: self._running[name]
                for name in names or self._running
                if name in self._running
            }
            for process in ending.values():
                if process.poll() is None:
                    process.terminate()
            sessions = {process.pid for process in ending.values()}
            deadline = time.monotonic() + grace_seconds
            while session_members(sessions) and time.monotonic() < deadline:
                for process in ending.values():
                    process.poll()
                time.sleep(0.05)
            while members := session_members(sessions):
                for member in members:
                    with suppress(psutil.NoSuchProcess):
                        member.kill()
                psutil.wait_procs(members, timeout=1)
            for name, process in ending.items():
                process.wait()
                self._table.ended(process.pid)
                del self._running[name]

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._running.items()}

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _tail(self, name: str) -> str:
        log = self.log(name)
        text = log.read_bytes()[-TAIL_BYTES:].decode(errors="replace") if log.exists() else ""
        return f"The end of {log}:\n{text}"


def session_members(sessions: set[int]) -> list[psutil.Process]:
    """Living processes of these sessions; zombies don't count."""
    members = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            in_session = os.getsid(process.pid) in sessions
            if in_session and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
    return members


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off SIGINT and SIGTERM until the block is done.

    Handlers rather than a mask, which children would inherit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for interrupt, handler in before.items():
            signal.signal(interrupt, handler)
        if arrived:
            signal.raise_signal(arrived[0])
