"""Records process groups, so that none outlives a cloud that was killed."""

import json
import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil

logger = logging.getLogger(__name__)


_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STARTTIME_FIELD = 22


def start_of(pid: int) -> str:
    """What distinguishes a process from all others that have or had its pid.

    On Linux the boot and the ticks since it, which no correction of the clock changes (proc(5),
    ``starttime``); elsewhere the time of its creation. Raises psutil.NoSuchProcess.
    """
    if _BOOT_ID.exists():
        try:
            content = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            raise psutil.NoSuchProcess(pid) from None
        after_name = content.rpartition(")")[2].split()
        return f"{_BOOT_ID.read_text().strip()} {after_name[_STARTTIME_FIELD - 3]}"
    return f"{psutil.Process(pid).create_time():.2f}"


def wait_ended(process: psutil.Process, timeout: float) -> bool:
    """Wait until a process of another program has ended, reaped by its parent or not."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


@dataclass(frozen=True, kw_only=True)
class _Leader:
    """A recorded group: its leader's pid and start, and the AWS endpoint its members were given."""

    pid: int
    start: str
    endpoint_url: str


class ProcessTable:
    """A folder with one small file for each process group that the cloud has started.

    A record holds the group's leader: its pid and its start. Both together name one process for
    ever, so a pid that the system has given to somebody else is never signalled.
    """

    def __init__(self, folder: Path, endpoint_url: str = "") -> None:
        self._folder = folder
        self._endpoint_url = endpoint_url
        folder.mkdir(parents=True, exist_ok=True)

    def started(self, pid: int) -> None:
        """Record the group led by ``pid``, which must have been started in its own session, or in
        its own group."""
        try:
            leader = _Leader(pid=pid, start=start_of(pid), endpoint_url=self._endpoint_url)
        except psutil.NoSuchProcess:
            return
        record = self._record(pid)
        draft = record.with_suffix(".new")
        draft.write_text(json.dumps(asdict(leader)), encoding="utf-8")
        draft.replace(record)

    def ended(self, pid: int) -> None:
        """Forget the group: all of its processes have ended."""
        self._record(pid).unlink(missing_ok=True)

    def end_orphans(self, grace_seconds: float = 2.0) -> list[int]:
        """End what an earlier cloud left running; returns the ids of its living groups."""
        leaders: dict[int, _Leader] = {}
        for record in self._folder.glob("*.json"):
            with suppress(ValueError, TypeError, OSError):
                leader = _Leader(**json.loads(record.read_text(encoding="utf-8")))
                leaders[leader.pid] = leader
        members = list(_members(leaders))
        groups = sorted({group for group, _ in members})
        _end([process for _, process in members], grace_seconds)
        for leftover in self._folder.iterdir():
            leftover.unlink(missing_ok=True)
        if groups:
            logger.warning("ended orphaned process groups: %s", groups)
        return groups

    def _record(self, pid: int) -> Path:
        return self._folder / f"{pid}.json"


def _members(leaders: Mapping[int, _Leader]) -> Iterator[tuple[int, psutil.Process]]:
    """Every living process of the recorded groups, and of the sessions that their leaders lead.

    A leader's session holds its group, and the groups that its offspring have made for
    themselves, as Airflow does for each running task (task-sdk, supervisor.py).
    """
    if not leaders:
        return
    state = {pid: _leader_state(leader) for pid, leader in leaders.items()}
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            of = (os.getsid(process.pid), os.getpgid(process.pid))
            leader = next((each for each in of if each in leaders), None)
            if leader is None or state[leader] == "replaced":
                continue
            if state[leader] == "living" or _was_given(process, leaders[leader].endpoint_url):
                yield leader, process


def _leader_state(leader: _Leader) -> Literal["living", "gone", "replaced"]:
    """``replaced``: the pid is another process's now, so the recorded group is gone, because no
    pid is given out while a group of that id has members."""
    try:
        return "living" if start_of(leader.pid) == leader.start else "replaced"
    except psutil.NoSuchProcess:
        return "gone"


def _was_given(process: psutil.Process, endpoint_url: str) -> bool:
    """Whether the process has the cloud's address in its environment: without a leader to
    compare, the group's number alone could be another's by now."""
    return bool(endpoint_url) and process.environ().get("AWS_ENDPOINT_URL") == endpoint_url


def _end(processes: Sequence[psutil.Process], grace_seconds: float) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=grace_seconds)
    for process in stubborn:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=grace_seconds)


def end_group(leader: int, grace_seconds: float) -> None:
    """End a process group of our own: SIGTERM, SIGKILL after the grace, until no process is left.

    The leader must still be unreaped, or the caller must be sure that the group has members.
    """
    for signal_number, wait in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 1.0)):
        try:
            os.killpg(leader, signal_number)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and _group_lives(leader):
            time.sleep(0.01)


def _group_lives(leader: int) -> bool:
    for process in psutil.process_iter(["status"]):
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == leader and process.info["status"] != "zombie":
                return True
    return False
