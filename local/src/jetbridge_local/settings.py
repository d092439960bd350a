"""A local cloud's settings."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from jetbridge_local.limits import Limits

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


class SettingsError(ValueError):
    """A setting can't be used; the text names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class CloudSettings:
    """Where a local cloud keeps its files, what it serves, and with what it runs functions.

    ``state`` is the folder for everything the cloud writes. ``port`` 0 takes a free one. ``images``
    is the image map for containers; without it no image is known. ``runtime_python`` is an
    interpreter that has ``awslambdaric`` and nothing else: functions bring their own packages.
    Without it, functions can be created, and an invocation says what is missing. ``step_seconds``
    is the time that a task or job spends in each state which it only passes through,
    ``insights_seconds`` how often Container Insights writes about a task. ``limits`` are those of
    ECS and AWS Batch. ``cpu_by_memory``: functions have as much of a processor as Lambda gives them
    for their memory; by default, as much as the machine has.
    """

    state: Path
    runtime_python: Path | None = None
    images: Path | None = None
    port: int = 0
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    step_seconds: float = 0.2
    insights_seconds: float = 60.0
    limits: Limits = field(default_factory=Limits)
    cpu_by_memory: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"port: must be 0 to 65535, not {self.port}")
        if not (self.account.isdigit() and len(self.account) == 12):
            raise SettingsError(f"account: must have 12 digits, not {self.account!r}")
        if not self.insights_seconds > 0:
            raise SettingsError(f"insights_seconds: must be above 0, not {self.insights_seconds}")
        if self.images is not None and not self.images.is_file():
            raise SettingsError(f"images: no such file: {self.images}")
        if self.cpu_by_memory and sys.platform != "linux":
            raise SettingsError(
                "cpu_by_memory: needs Linux, where the CPU time of other processes can be read"
            )
        if self.runtime_python is not None and not self.runtime_python.is_file():
            raise SettingsError(
                f"runtime_python: no such interpreter: {self.runtime_python}; `make environments`"
                " makes one at .venv/runtime/bin/python"
            )


def default_runtime_python() -> Path | None:
    """The interpreter of the neighbouring environment ``runtime``, as `make environments` lays
    them out; None: there is none."""
    python = Path(sys.prefix).parent / "runtime" / "bin" / "python"
    return python if python.is_file() else None
