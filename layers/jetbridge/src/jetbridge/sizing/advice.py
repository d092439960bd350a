"""Finds the size that is enough for what runs used."""

import math
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from jetbridge.contract.fargate import MIB_PER_GB
from jetbridge.sizing.fargate import Size, sizes, usd_of_hours

LEAST_RUNS = 10
"""The fewest runs with data. Fewer runs have seen too few inputs."""

MEMORY_HEADROOM = 1.25
"""Memory is sampled only once a minute, and exceeding the limit kills the task."""

CPU_HEADROOM = 1.5
"""CPU is the mean of a minute, which hides shorter peaks. Too little CPU only makes runs slow."""


class Peak(Struct, frozen=True):
    """The most that one run used in any minute. ``vcpu`` is the minute's mean, ``memory_mib`` a
    sample."""

    vcpu: float
    memory_mib: float


class Used(Struct, frozen=True, kw_only=True):
    """What is known about one run's last launch, or about several runs together.

    Attributes:
        size: the size that it reserved on Fargate.
        hours: the billed hours.
        peak: None if Container Insights has no data on it.
        out_of_memory: it ran out of memory, so it needs more than it had.
        runs: of how many runs ``peak`` is the highest.
    """

    size: Size
    hours: float
    architecture: str = ""
    peak: Peak | None = None
    out_of_memory: bool = False
    runs: int = 1


class Verdict(StrEnum):
    SMALLER = "smaller"
    FITS = "fits"
    TIGHT = "tight"
    TOO_FEW = "too few runs"
    NO_DATA = "no data"


class Advice(Struct, frozen=True, kw_only=True):
    """Advice on runs of one size.

    Attributes:
        runs: how many runs have data.
        peak: the highest of all of them. None if there is no data.
        better: a smaller Fargate size that is enough. None unless ``verdict`` is ``smaller``.
        spent, saved: in US dollars by list prices, for all examined runs. ``saved`` is what
            ``better`` would have saved, and is never negative.
    """

    verdict: Verdict
    size: Size
    runs: int
    peak: Peak | None = None
    better: Size | None = None
    spent: float = 0.0
    saved: float = 0.0

    def __str__(self) -> str:
        if self.peak is None:
            return str(self.verdict)
        used = (
            f"{_gb(self.peak.memory_mib)} of {_gb(self.size.memory_mib)} GB and "
            f"{self.peak.vcpu:.2f} of {self.size.vcpu:g} vCPU used at most in "
            f"{self.runs} run{'' if self.runs == 1 else 's'}"
        )
        if self.better is not None:
            saves = f"would save {_usd(self.saved)} of {_usd(self.spent)}"
            return f"{used}: {self.better} would do, and {saves}"
        return f"{used}{_SAYS[self.verdict]}"


def _gb(mib: float) -> str:
    return f"{mib / MIB_PER_GB:.3g}"


def _usd(amount: float) -> str:
    return f"${amount:.2f}" if amount >= 0.1 else f"${amount:.2g}"


_SAYS = {
    Verdict.FITS: ": no smaller Fargate size would do",
    Verdict.TIGHT: ": that is close to the limit, so more would be safer",
    Verdict.TOO_FEW: f": advice needs {LEAST_RUNS} runs",
}


def needed(peak: Peak) -> Peak:
    """What a run needs: its peak with headroom."""
    return Peak(peak.vcpu * CPU_HEADROOM, peak.memory_mib * MEMORY_HEADROOM)


def advise(runs: Sequence[Used]) -> Advice:
    """Advise on runs that all reserve the same size. ``runs`` must not be empty.

    The advice is Fargate's cheapest size that isn't larger in CPU or memory and that covers the
    highest use of any run. Raises ValueError if the runs differ in size or architecture.
    """
    size, architecture = runs[0].size, runs[0].architecture
    if any((each.size, each.architecture) != (size, architecture) for each in runs):
        raise ValueError("advice is on runs of one size and architecture")
    known = {index: peak for index, each in enumerate(runs) if (peak := peak_of(each)) is not None}
    peaks = list(known.values())
    number = sum(runs[index].runs for index in known)
    hours = sum(each.hours for each in runs)
    spent = usd_of_hours(size, hours, architecture)
    if not peaks:
        return Advice(verdict=Verdict.NO_DATA, size=size, runs=0, spent=spent)
    peak = Peak(max(each.vcpu for each in peaks), max(each.memory_mib for each in peaks))
    need = needed(peak)
    verdict, better, saved = Verdict.FITS, None, 0.0
    if need.memory_mib > size.memory_mib:
        verdict = Verdict.TIGHT
    elif number < LEAST_RUNS:
        verdict = Verdict.TOO_FEW
    else:
        better = _cheapest(need, size, architecture)
        saved = spent - usd_of_hours(better, hours, architecture) if better else 0.0
        verdict = Verdict.SMALLER if better else Verdict.FITS
    return Advice(
        verdict=verdict,
        size=size,
        runs=number,
        peak=peak,
        better=better,
        spent=spent,
        saved=saved,
    )


def peak_of(run: Used) -> Peak | None:
    """The peak of a run. A run that ran out of memory used all of it."""
    if not run.out_of_memory:
        return run.peak
    vcpu = run.peak.vcpu if run.peak else 0.0
    return Peak(vcpu, max(run.size.memory_mib, run.peak.memory_mib if run.peak else 0.0))


def _cheapest(need: Peak, size: Size, architecture: str) -> Size | None:
    """The cheapest sufficient size. None if none costs less. A run that uses all of its CPU keeps
    it."""
    vcpu = min(need.vcpu, size.vcpu)
    price = usd_of_hours(size, 1, architecture)
    prices = {
        each: usd_of_hours(each, 1, architecture)
        for each in sizes()
        if vcpu <= each.vcpu <= size.vcpu
        and math.ceil(need.memory_mib) <= each.memory_mib <= size.memory_mib
    }
    best = min(prices, key=lambda each: (prices[each], each), default=None)
    return best if best is not None and prices[best] < price else None
