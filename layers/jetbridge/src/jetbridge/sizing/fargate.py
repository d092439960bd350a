"""The sizes of Fargate, and their prices per hour."""

from collections.abc import Iterator
from itertools import chain

from msgspec import Struct

from jetbridge.contract import fargate
from jetbridge.contract.fargate import MIB_PER_GB


class Size(Struct, frozen=True, order=True):
    """A size. ``vcpu`` and ``memory_mib`` are what a task or job reserves."""

    vcpu: float
    memory_mib: int

    def __str__(self) -> str:
        return f"{self.vcpu:g} vCPU and {self.memory_mib / MIB_PER_GB:g} GB"


def _gb(least: int, most: int, step: int = 1) -> tuple[int, ...]:
    return tuple(gb * MIB_PER_GB for gb in range(least, most + 1, step))


# API reference of ECS, Task, `memory`; and of AWS Batch, ResourceRequirement, `value`. Only the
# latter has the sizes with 32 vCPU. tests/unit/cli/test_sizing.py reads both out of botocore's
# models.
MEMORY_MIB: dict[float, tuple[int, ...]] = {
    0.25: (512, 1024, 2048),
    0.5: _gb(1, 4),
    1: _gb(2, 8),
    2: _gb(4, 16),
    4: _gb(8, 30),
    8: _gb(16, 60, 4),
    16: _gb(32, 120, 8),
    32: (61440, 122880, 249856),
}


def sizes() -> Iterator[Size]:
    """All sizes, smallest first."""
    return chain.from_iterable(
        (Size(vcpu, memory) for memory in memories) for vcpu, memories in MEMORY_MIB.items()
    )


def usd_of_hours(size: Size, hours: float, architecture: str = "") -> float:
    """The on-demand price in US dollars, by the list prices of us-east-1. Spot costs less."""
    return fargate.usd_of_hours(size.vcpu, size.memory_mib, hours, architecture)
