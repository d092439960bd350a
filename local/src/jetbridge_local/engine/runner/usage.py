"""What a process group uses of CPU and memory, from /proc."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# proc_pid_stat(5), counted from the field after the name, which may have spaces: state is 0.
_GROUP, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM, _RESIDENT = 2, 11, 12, 13, 14, 21


@dataclass(frozen=True)
class Usage:
    """``cpu_seconds``: used since the start by all living processes and by those that they have
    waited for. ``memory_bytes``: resident now."""

    cpu_seconds: float = 0.0
    memory_bytes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu_seconds + other.cpu_seconds, self.memory_bytes + other.memory_bytes)


def usage_of_group(leader: int) -> Usage:
    """The usage of the process group; zero if it has ended or there is no /proc (not on Linux)."""
    total = Usage()
    for fields in _processes():
        if int(fields[_GROUP]) == leader:
            ticks = sum(
                int(fields[each]) for each in (_USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM)
            )
            total += Usage(ticks / _TICKS, int(fields[_RESIDENT]) * _PAGE_BYTES)
    return total


def _processes() -> Iterator[list[str]]:
    for entry in _PROC.glob("[0-9]*/stat"):
        try:
            text = entry.read_text(errors="replace")
        except OSError:  # it has ended in the meantime
            continue
        yield text.rpartition(")")[2].split()
