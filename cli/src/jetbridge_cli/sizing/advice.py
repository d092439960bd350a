"""From what runs used to the size that would do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from jetbridge_cli.sizing.fargate import MIB_PER_GB, Size, sizes, usd_of_hours

LEAST_RUNS = 10
"""So many runs with data are needed: fewer have seen too few inputs."""

MEMORY_HEADROOM = 1.25
"""Memory is sampled once a minute, and what is above the limit kills the task."""

CPU_HEADROOM = 1.5
"""CPU is the mean of a minute, which hides shorter peaks; too little of it only makes runs slow."""


@dataclass(frozen=True)
class Peak:
    """The most that one run used in any minute: ``vcpu`` as its mean, ``memory_mib`` as sampled."""

    vcpu: float
    memory_mib: float


@dataclass(frozen=True, kw_only=True)
class Used:
    """What is known of one run's last launch.

    Attributes:
        size: what it reserved on Fargate.
        hours: billed.
        peak: None: Container Insights kept nothing on it.
        out_of_memory: it died for want of memory, so it needs more than it had.
    """

    size: Size
    hours: float
    architecture: str = ""
    peak: Peak | None = None
    out_of_memory: bool = False


class Verdict(StrEnum):
    SMALLER = "smaller"
    FITS = "fits"
    TIGHT = "tight"
    TOO_FEW = "too few runs"
    NO_DATA = "no data"


@dataclass(frozen=True, kw_only=True)
class Advice:
    """On runs of one size.

    Attributes:
        runs: of how many there is data.
        peak: the most of all of them; None: there is no data.
        better: a smaller size of Fargate's that would do; None unless ``verdict`` is ``smaller``.
        spent, saved: US dollars, of all the runs that were looked at, by list prices; what
            ``better`` would have saved of it is never negative.
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
    Verdict.FITS: ": no smaller size of Fargate's would do",
    Verdict.TIGHT: ": that is close to the limit, so more would be safer",
    Verdict.TOO_FEW: f": advice needs {LEAST_RUNS} runs",
}


def needed(peak: Peak) -> Peak:
    """A run's peak with room to spare."""
    return Peak(peak.vcpu * CPU_HEADROOM, peak.memory_mib * MEMORY_HEADROOM)


def advise(runs: Sequence[Used]) -> Advice:
    """On runs that all reserve the same; ``runs`` has one at least.

    The size is Fargate's cheapest one that is no larger in either respect and has room for the most
    that any run used. Raises ValueError if the runs differ in size or architecture.
    """
    size, architecture = runs[0].size, runs[0].architecture
    if any((each.size, each.architecture) != (size, architecture) for each in runs):
        raise ValueError("advice is on runs of one size and architecture")
    known = [_peak(each) for each in runs]
    peaks = [peak for peak in known if peak is not None]
    hours = sum(each.hours for each in runs)
    spent = usd_of_hours(size, hours, architecture)
    if not peaks:
        return Advice(verdict=Verdict.NO_DATA, size=size, runs=0, spent=spent)
    peak = Peak(max(each.vcpu for each in peaks), max(each.memory_mib for each in peaks))
    need = needed(peak)
    verdict, better, saved = Verdict.FITS, None, 0.0
    if need.memory_mib > size.memory_mib:
        verdict = Verdict.TIGHT
    elif len(peaks) < LEAST_RUNS:
        verdict = Verdict.TOO_FEW
    else:
        better = _cheapest(need, size, architecture)
        saved = spent - usd_of_hours(better, hours, architecture) if better else 0.0
        verdict = Verdict.SMALLER if better else Verdict.FITS
    return Advice(
        verdict=verdict,
        size=size,
        runs=len(peaks),
        peak=peak,
        better=better,
        spent=spent,
        saved=saved,
    )


def _peak(run: Used) -> Peak | None:
    if not run.out_of_memory:
        return run.peak
    vcpu = run.peak.vcpu if run.peak else 0.0
    return Peak(vcpu, max(run.size.memory_mib, run.peak.memory_mib if run.peak else 0.0))


def _cheapest(need: Peak, size: Size, architecture: str) -> Size | None:
    """None: no size that would do costs less. A run that uses all of its CPU keeps it."""
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
