"""The interpreter that functions run on."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .spec import UnsupportedRuntime

_PROBE = "import sys, awslambdaric; print('python%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class Interpreter:
    """A Python with awslambdaric. ``runtime`` is Lambda's identifier for it: python3.13."""

    python: Path
    runtime: str

    @classmethod
    def at(cls, python: Path) -> "Interpreter":
        """Ask the interpreter what it is. Raises UnsupportedRuntime if it can't run functions."""
        # Not this process's own environment: a PYTHONPATH would hide that a package is missing.
        probe = subprocess.run(
            [python, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60
        )
        if probe.returncode != 0:
            reason = (probe.stderr.strip().splitlines() or ["no output"])[-1]
            raise UnsupportedRuntime(
                f"runtime_python: {python} can't run functions: {reason}; install"
                " requirements/runtime.txt into its environment"
            )
        return cls(python, probe.stdout.strip())
