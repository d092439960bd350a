"""Orphans are ended, and no other process."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from jetbridge_local.processes import ProcessTable, end_group, start_of, wait_ended

ENDPOINT = "http://127.0.0.1:9"
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start_in_own_session(script: str, endpoint: str = ENDPOINT) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            ["sh", "-c", script],
            start_new_session=True,
            env={**os.environ, "AWS_ENDPOINT_URL": endpoint},
        )
        started.append(process)
        return process

    yield start_in_own_session
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def child_of(process: "subprocess.Popen[bytes]") -> psutil.Process:
    for _ in range(100):
        if children := psutil.Process(process.pid).children():
            return children[0]
        time.sleep(0.02)
    raise AssertionError("the shell started no child")


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def ended(process: "subprocess.Popen[bytes]") -> bool:
    """Not by its exit status: psutil may have reaped it before."""
    return process.poll() is not None


def test_a_whole_group_is_ended(tmp_path: Path, start: Start) -> None:
    leader = start("sleep 60 & wait")
    child = child_of(leader)
    ProcessTable(tmp_path).started(leader.pid)
    assert ProcessTable(tmp_path).end_orphans() == [leader.pid]
    assert not lives(child)
    assert ended(leader)
    assert list(tmp_path.iterdir()) == []


def test_a_group_in_our_own_session_is_ended_and_nothing_beside_it(tmp_path: Path) -> None:
    """As functions are started; what they start stays in their group."""
    leader, other = (
        subprocess.Popen(["sh", "-c", "sleep 60 & wait"], process_group=0) for _ in range(2)
    )
    try:
        children = [child_of(leader), child_of(other)]
        os.killpg(leader.pid, signal.SIGSTOP)
        ProcessTable(tmp_path).started(leader.pid)
        assert ProcessTable(tmp_path).end_orphans(grace_seconds=0.5) == [leader.pid]
        assert not lives(children[0])
        assert ended(leader)
        assert lives(children[1])
    finally:
        for process in (leader, other):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_member_that_ignores_sigterm_is_killed(tmp_path: Path, start: Start) -> None:
    leader = start("trap '' TERM; while :; do sleep 0.1; done")
    ProcessTable(tmp_path).started(leader.pid)
    time.sleep(0.3)
    ProcessTable(tmp_path).end_orphans(grace_seconds=0.5)
    assert ended(leader)


def test_members_without_their_leader_are_known_by_the_clouds_address(
    tmp_path: Path, start: Start
) -> None:
    ours, others = start("sleep 60 & wait"), start("sleep 60 & wait", "http://elsewhere")
    children = [child_of(ours), child_of(others)]
    table = ProcessTable(tmp_path, ENDPOINT)
    for leader in (ours, others):
        table.started(leader.pid)
        os.kill(leader.pid, 9)
        leader.wait()
    assert ProcessTable(tmp_path).end_orphans() == [ours.pid]
    assert [lives(child) for child in children] == [False, True]


def test_a_reused_pid_is_left_alone(tmp_path: Path, start: Start) -> None:
    recorded, stranger = start("sleep 60"), start("sleep 60")
    ProcessTable(tmp_path).started(recorded.pid)
    record = json.loads((tmp_path / f"{recorded.pid}.json").read_text())
    os.kill(recorded.pid, 9)
    recorded.wait()
    time.sleep(0.02)
    later = start("sleep 60")
    for other in (stranger, later):
        record["pid"] = other.pid
        if other is stranger:
            record["start"] = record["start"] + "0"
        (tmp_path / f"{other.pid}.json").write_text(json.dumps(record))
    assert ProcessTable(tmp_path).end_orphans() == []
    assert stranger.poll() is None
    assert later.poll() is None


def test_ended_groups_and_broken_records_are_no_matter(tmp_path: Path, start: Start) -> None:
    table = ProcessTable(tmp_path)
    living, ended = start("sleep 60"), start("sleep 60")
    table.started(ended.pid)
    table.ended(ended.pid)
    table.ended(ended.pid)
    (tmp_path / "1.json").write_text("{half a rec")
    (tmp_path / "2.json").write_text('{"pid": 2}')
    assert table.end_orphans() == []
    assert living.poll() is None
    assert ended.poll() is None


def test_a_process_that_is_gone_is_not_recorded(tmp_path: Path, start: Start) -> None:
    process = start("exit 0")
    process.wait()
    ProcessTable(tmp_path).started(process.pid)
    assert list(tmp_path.iterdir()) == []


def test_start_tells_processes_apart(start: Start) -> None:
    first = start("sleep 60")
    time.sleep(0.05)
    second = start("sleep 60")
    assert start_of(first.pid) == start_of(first.pid)
    assert start_of(first.pid) != start_of(second.pid)
    second.kill()
    second.wait()
    with pytest.raises(psutil.NoSuchProcess):
        start_of(second.pid)


def test_ending_a_group_waits_until_nobody_is_left(start: Start) -> None:
    leader = start("trap 'sleep 0.2; exit 0' TERM; sleep 60 & wait")
    child = child_of(leader)
    end_group(leader.pid, grace_seconds=2)
    assert not lives(child)
    assert leader.poll() is not None


def test_a_zombie_has_ended(start: Start) -> None:
    process = start("exit 0")
    assert wait_ended(psutil.Process(process.pid), 2)
    assert not wait_ended(psutil.Process(start("sleep 60").pid), 0.2)
