"""The state folder: which cloud runs here, and the files that it keeps."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from jetbridge_local.processes import start_of


class AlreadyRunning(RuntimeError):
    """Another cloud runs with this state folder."""


@dataclass(frozen=True, kw_only=True)
class RunningCloud:
    """A cloud's address and identity. ``start`` is its process's, as ``processes.start_of``."""

    url: str
    pid: int
    start: str
    account: str
    region: str

    def process(self) -> psutil.Process | None:
        """The cloud's process, or None if it has ended (a reused pid isn't it)."""
        try:
            process = psutil.Process(self.pid)
            same = start_of(self.pid) == self.start
        except psutil.NoSuchProcess:
            return None
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None


class StateFolder:
    """The files of one cloud: ``cloud.json``, ``cloud.log``, process records, unpacked code."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.log = self.path / "cloud.log"
        self.start_errors = self.path / "start.err"
        self.processes = self.path / "processes"
        self.functions = self.path / "functions"
        self.containers = self.path / "containers"
        self.temporary = self.path / "tmp"
        self._announcement = self.path / "cloud.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for one cloud. The hold ends with the process, however that ends.

        Raises AlreadyRunning if another process holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                running = self.running()
                where = f"{running.url} (pid {running.pid})" if running else "not ready yet"
                raise AlreadyRunning(
                    f"state: {self.path} is in use by a running cloud: {where};"
                    f" stop it with: python -m jetbridge_local down --state {self.path}"
                ) from None
            yield

    def announce(self, url: str, account: str, region: str) -> RunningCloud:
        """Write ``cloud.json`` for this process."""
        own = os.getpid()
        cloud = RunningCloud(url=url, pid=own, start=start_of(own), account=account, region=region)
        draft = self._announcement.with_suffix(".new")
        draft.write_text(json.dumps(asdict(cloud), indent=2) + "\n", encoding="utf-8")
        draft.replace(self._announcement)
        return cloud

    def withdraw(self) -> None:
        """Remove ``cloud.json``: nothing runs here any more."""
        self._announcement.unlink(missing_ok=True)

    def running(self) -> RunningCloud | None:
        """The cloud that runs here, or None."""
        try:
            cloud = RunningCloud(**json.loads(self._announcement.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return cloud if cloud.process() else None
