"""Clean environments that distributions are installed into with pip."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = ROOT / ".venv/tools/bin/uv"
FOREIGN = ("AIRFLOW", "AWS_", "PYTHON", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Clean:
    """An environment that knows nothing of the repository, and a folder to work in."""

    environment: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin/python"

    def run(
        self, *command: str | Path, variables: Mapping[str, str] | None = None, status: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment (or another, by its path)."""
        program = self.environment / "bin" / command[0]
        path = f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return run(
            [program, *command[1:]], self.folder, {"PATH": path} | dict(variables or {}), status
        )


def run(
    command: Sequence[str | Path],
    folder: Path,
    variables: Mapping[str, str] | None = None,
    status: int = 0,
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, without what the shell says of Python, Airflow and AWS."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=plain | dict(variables or {}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def installed(dist: Path, folder: Path, locked: str, distribution: str) -> Clean:
    """An environment with a hash-locked list, and a distribution's wheel from ``dist``."""
    clean = Clean(folder / "environment", folder)
    run([UV, "venv", "--quiet", "--python", sys.executable, clean.environment], folder)
    requirements = ROOT / "requirements" / f"{locked}.txt"
    install: list[str | Path] = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--python",
        clean.python,
        "--require-hashes",
    ]
    run([*install, "-r", requirements], folder)
    # All that the wheels depend on has to be there by now: pip gets no index.
    pip(clean, "install", "--quiet", "--no-index", "--find-links", dist, distribution)
    return clean


def resolved(dist: Path, folder: Path, locked: str, distribution: str) -> Clean:
    """An environment with a distribution's wheel from ``dist`` and what it says that it needs, in
    the versions of a list."""
    clean = Clean(folder / "environment", folder)
    run([UV, "venv", "--quiet", "--python", sys.executable, clean.environment], folder)
    constraints = ROOT / "requirements" / f"{locked}.txt"
    install: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", clean.python]
    run([*install, "--constraints", constraints, "--find-links", dist, distribution], folder)
    return clean


def pip(clean: Clean, *arguments: str | Path) -> str:
    """Pip itself, which isn't in the environment that it works on."""
    command: list[str | Path] = [
        "python3",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        clean.python,
    ]
    return run([*command, *arguments], clean.folder).stdout
