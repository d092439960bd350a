"""Warm invocations: the CPU time that a handler takes outside AWS calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.footprint.occasions import Occasions
from benchmarks.footprint.processes import FunctionProcesses, answer_of
from benchmarks.spread import Spread
from jetbridge_local.functions import FunctionSpec

PROBE = Path(__file__).parent / "probe"
PROBE_HANDLER = "footprint_probe.handler"


@dataclass(frozen=True)
class WarmInvocations:
    """``calls`` are the AWS calls of one invocation, in their order."""

    cpu_ms: Spread
    calls: Sequence[str]


def warm_invocations(
    processes: FunctionProcesses,
    spec: FunctionSpec,
    occasions: Occasions,
    name: str,
    *,
    first: int,
    measured: int,
) -> WarmInvocations:
    """One process. The first invocations don't count, because they make clients and fill caches."""
    samples: list[float] = []
    calls: Sequence[str] = []
    with processes.started(replace(spec, handler=PROBE_HANDLER), PROBE) as environment:
        for number in range(first + measured):
            occasion = occasions.next(name)
            probed = answer_of(environment, occasion.event)
            occasion.check(probed["answer"])
            if number >= first:
                samples.append(probed["cpu_ms"])
                calls = probed["calls"]
    return WarmInvocations(Spread.of(samples), calls)
