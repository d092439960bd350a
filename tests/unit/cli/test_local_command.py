"""``jetbridge local`` hands everything to jetbridge-local."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jetbridge_cli.main import app


def jetbridge(*arguments: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jetbridge_cli", "local", *arguments],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_package_beside_the_command_answers(tmp_path: Path) -> None:
    result = jetbridge("status", "--state", str(tmp_path))
    assert (result.returncode, "no local cloud runs" in result.stdout) == (1, True)


def test_a_program_in_the_path_gets_all_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "jetbridge-local"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    called: list[list[str]] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(os, "execv", lambda path, command: called.append(command))
    result = CliRunner().invoke(app, ["local", "up", "--port", "4600", "--state", ".cloud"])
    assert result.exit_code == 0, result.output
    assert called == [[str(program), "up", "--port", "4600", "--state", ".cloud"]]


def test_without_the_package_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["local", "up"])
    assert (result.exit_code, "--with ./local" in result.stderr) == (1, True)
