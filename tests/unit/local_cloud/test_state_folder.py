"""Who runs with a state folder."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jetbridge_local.settings import CloudSettings, SettingsError
from jetbridge_local.state import AlreadyRunning, StateFolder


def test_an_announced_cloud_is_found_and_withdrawn(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.announce("http://127.0.0.1:1", "000000000000", "us-east-1")
    running = StateFolder(tmp_path).running()
    assert running is not None
    assert (running.url, running.pid) == ("http://127.0.0.1:1", os.getpid())
    state.withdraw()
    assert state.running() is None


@pytest.mark.parametrize("content", ["", "{", "{}", '{"url": 1, "pid": 1}', "[]"])
def test_a_broken_announcement_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "cloud.json").write_text(content)
    assert StateFolder(tmp_path).running() is None


def test_a_reused_pid_is_not_the_cloud(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.announce("http://127.0.0.1:1", "000000000000", "us-east-1")
    content = json.loads((tmp_path / "cloud.json").read_text())
    (tmp_path / "cloud.json").write_text(json.dumps({**content, "start": "another boot 1"}))
    assert state.running() is None


def test_the_folder_is_held_once_and_released(tmp_path: Path) -> None:
    with StateFolder(tmp_path).held():
        with pytest.raises(AlreadyRunning, match="not ready yet"), StateFolder(tmp_path).held():
            pass
        StateFolder(tmp_path).announce("http://127.0.0.1:1", "000000000000", "us-east-1")
        with (
            pytest.raises(AlreadyRunning, match=f"http://127.0.0.1:1 .pid {os.getpid()}"),
            StateFolder(tmp_path).held(),
        ):
            pass
    with StateFolder(tmp_path).held():
        pass


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"port": 70_000}, "port"),
        ({"account": "123"}, "account"),
        ({"images": Path("/nonexistent/images.json")}, "images"),
        ({"runtime_python": Path("/nonexistent/python")}, "runtime_python"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, wrong: dict[str, Any], named: str) -> None:
    python = tmp_path / "python"
    python.touch()
    with pytest.raises(SettingsError, match=f"^{named}: "):
        CloudSettings(**{"state": tmp_path, "runtime_python": python, **wrong})
