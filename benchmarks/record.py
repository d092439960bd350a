"""The file with the figures of all benchmarks, and where and when they were measured."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil


def machine() -> dict[str, Any]:
    """What the figures depend on: processors, memory in MB of 2^20 bytes, system, Python."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_mb": round(psutil.virtual_memory().total / 2**20),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def commit(root: Path) -> dict[str, Any]:
    """The checkout's commit, and whether files differ from it. Raises CalledProcessError."""
    return {
        "id": _git(root, "rev-parse", "HEAD"),
        "changed": bool(_git(root, "status", "--porcelain", "--untracked-files=no")),
    }


def load() -> list[float]:
    """The load averages of the last 1, 5 and 15 minutes."""
    return [round(each, 2) for each in os.getloadavg()]


def write(path: Path, root: Path, size: str, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what was found by benchmark's name, as JSON."""
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "size": size,
        "commit": commit(root),
        "machine": machine(),
        "benchmarks": found,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")


def _processor() -> str:
    """Its model, as Linux names it; elsewhere what Python knows."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(root: Path, *arguments: str) -> str:
    called = ["git", "-C", str(root), *arguments]
    return subprocess.run(called, capture_output=True, text=True, check=True).stdout.strip()
