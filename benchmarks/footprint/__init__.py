"""How big the functions are and how much of their time is their own.

Every function is deployed by `sam build` and `sam deploy` to a local cloud, read back from it and
run under AWS's own runtime client (awslambdaric). Each invocation does the function's real work
on a run of its own, for one message; what it was to write is looked up afterwards.

``package_mb``: the function with its layers, unzipped, in Lambda's MB (quota: 250). The layer of
    libraries holds native code for both architectures.
``cold_ratio``: seconds from the start of the process to the handler's answer, over the same for a
    bare handler that imports boto3 and makes one client; same interpreter, layers and variables.
    The median of several rounds; in each, every function and the bare handler start in turn.
    In it: the interpreter's start, awslambdaric, imports (compiled again unless the package ships
    .pyc files: nothing may be written, as on Lambda), clients, and the AWS calls, which go to
    loopback. Not in it: Lambda's sandbox, the package's download, TLS, the network, a Lambda's
    smaller share of a processor, and the wait for late log lines, which is set to 0.
``cold_ratio_uncut``: the same, over a bare handler with the same versions as PyPI has them. The
    layer's build cuts botocore down, from which the bare handler of ``cold_ratio`` gains, too.
``init_ratio``: ``cold_ratio`` without the first event, which the bare handler answers at once: from
    the start of the process until it asks for an event.
``cold_cpu_ratio``: ``cold_ratio`` of the processes' CPU time, for machines with other work to do.
``warm_cpu_ms``: CPU time of a warm handler (all its threads) less what botocore's API calls take
    of it. In it: powertools, decoding, the core, everything around the calls (s3transfer too).
    Not in it: awslambdaric's own work between invocations.
``cold_ms``, ``warm_ms``: a function at its own memory, with as much of a processor as Lambda gives
    for it (jetbridge_local.functions.cpu): from the process's start to the answer, and of a warm
    invocation. The start has a whole processor. Of several rounds, one start in each. The cloud
    speaks HTTPS here, with as many certificates to load as AWS's clients have.
``usd_per_million_cold``, ``usd_per_million_warm``: what as many of them cost by AWS's list prices
    (cli/src/jetbridge_cli/verify/prices.toml): requests, and GB-seconds of the medians above.
``memory_mb``, ``memory_used_mb``: what the template gives, and the most that was used, as Lambda
    counts it.

Seconds and CPU time are of this machine; ratios carry over to others better. A figure that is
missing, or a function without figures, is an error.
"""

import math
from collections.abc import Collection, Mapping

from rich.table import Table

from benchmarks.errors import BenchmarkFailed
from benchmarks.footprint import live
from benchmarks.footprint.at_memory import AtMemory, at_memory
from benchmarks.footprint.cold import ColdStarts, Rounds, cold_starts
from benchmarks.footprint.libraries import uncut_layer
from benchmarks.footprint.occasions import Occasions
from benchmarks.footprint.packages import Package, Packages
from benchmarks.footprint.processes import FunctionProcesses
from benchmarks.footprint.tls import https
from benchmarks.footprint.warm import WarmInvocations, warm_invocations
from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.spread import Spread
from benchmarks.workspace import Workspace
from jetbridge_local.site.application import parameter

ROUNDS = sized(Rounds(least=3, most=9, seconds=60), Rounds(least=2, most=2, seconds=1))
ROUNDS_AT_MEMORY = sized(Rounds(least=2, most=5, seconds=60), Rounds(least=2, most=2, seconds=1))
WARM_AT_MEMORY = sized(6, 2)
FIRST_INVOCATIONS = sized(5, 1)
WARM_INVOCATIONS = sized(30, 3)


def run(workspace: Workspace) -> Result:
    """Measure every function of the stack."""
    paths, step = workspace.paths, workspace.progress.step
    stack = workspace.deployed_stack(parameters=live.make_group)
    live.define_task(stack)
    with step("packages"):
        packages = Packages(stack, paths.local / "packages")
        read = {name: packages.read(stack.functions[name]) for name in stack.functions}
    with step("one run through all functions"):
        stack.quieten()
        bucket = parameter(paths.root, "AirflowLogBucket")
        occasions = Occasions(stack, paths.root / "events", bucket)
        occasions.must_know(stack.functions)
    processes = FunctionProcesses(paths.python("runtime"), stack.cloud.url, workspace.processes)
    specs = {name: package.spec for name, package in read.items()}
    with step("cold starts"):
        uncut = uncut_layer(paths, paths.local / "uncut")
        cold = cold_starts(processes, specs, occasions, ROUNDS, uncut)
    warm = {}
    with step("warm invocations") as say:
        for name, spec in specs.items():
            say(name)
            warm[name] = warm_invocations(
                processes,
                spec,
                occasions,
                name,
                first=FIRST_INVOCATIONS,
                measured=WARM_INVOCATIONS,
            )
    with (
        step("cold and warm at the functions' own memory"),
        https(stack.cloud.url, paths.local) as cloud,
    ):
        processes = FunctionProcesses(
            paths.python("runtime"),
            cloud.url,
            workspace.processes,
            {"AWS_CA_BUNDLE": str(cloud.bundle)},
        )
        own = at_memory(processes, specs, occasions, ROUNDS_AT_MEMORY, first=2, warm=WARM_AT_MEMORY)
    found = figures(read, cold, warm, own)
    must_be_complete(found, stack.functions)
    return Result(found, table(read, cold, warm, own))


def must_be_complete(
    figures: Mapping[str, Mapping[str, float | None]], functions: Collection[str]
) -> None:
    """Raises BenchmarkFailed if a figure is missing, of a function of the stack."""
    for figure, values in figures.items():
        for function in functions:
            value = values.get(function)
            if value is None or not math.isfinite(value) or value <= 0:
                raise BenchmarkFailed(f"{figure} of {function} is {value}: nothing was measured")


def figures(
    packages: dict[str, Package],
    cold: ColdStarts,
    warm: dict[str, WarmInvocations],
    own: Mapping[str, AtMemory],
) -> dict[str, dict[str, float]]:
    """Each figure by function."""
    return {
        "package_mb": {name: round(each.unzipped_mb, 2) for name, each in packages.items()},
        "cold_ratio": {name: round(cold.ratio(name).median, 2) for name in packages},
        "cold_ratio_uncut": {name: round(cold.uncut_ratio(name).median, 2) for name in packages},
        "init_ratio": {name: round(cold.init_ratio(name).median, 2) for name in packages},
        "cold_cpu_ratio": {name: round(cold.cpu_ratio(name).median, 2) for name in packages},
        "warm_cpu_ms": {name: round(warm[name].cpu_ms.median, 2) for name in packages},
        "cold_ms": {name: round(Spread.of(own[name].cold_ms).median) for name in packages},
        "warm_ms": {name: round(Spread.of(own[name].warm_ms).median, 1) for name in packages},
        "usd_per_million_cold": {
            name: round(own[name].usd_per_million_cold, 2) for name in packages
        },
        "usd_per_million_warm": {
            name: round(own[name].usd_per_million_warm, 2) for name in packages
        },
        "memory_mb": {name: own[name].memory for name in packages},
        "memory_used_mb": {name: own[name].used_mb for name in packages},
    }


def table(
    packages: dict[str, Package],
    cold: ColdStarts,
    warm: dict[str, WarmInvocations],
    own: Mapping[str, AtMemory],
) -> Table:
    """All figures with their quartiles in brackets."""
    starts = f"{len(cold.rounds)} cold starts"
    shown = Table(
        title="Footprint",
        caption=f"Median (quartiles) of {starts}, {WARM_INVOCATIONS} warm invocations",
    )
    shown.add_column("function")
    for heading in (
        *(
            "MB",
            "zipped",
            "cold start s",
            "cold ratio",
            "uncut",
            "of init",
            "of CPU time",
            "warm CPU ms",
        ),
        *("memory MB", "used", "cold ms", "of it init", "warm ms", "$ a million warm"),
    ):
        shown.add_column(heading, justify="right")
    shown.add_column("AWS calls of one warm invocation")
    for name, package in packages.items():
        shown.add_row(
            name,
            f"{package.unzipped_mb:.2f}",
            f"{package.zipped_mb:.2f}",
            cold.seconds(name).text(2),
            cold.ratio(name).text(2),
            cold.uncut_ratio(name).text(2),
            cold.init_ratio(name).text(2),
            cold.cpu_ratio(name).text(2),
            warm[name].cpu_ms.text(2),
            f"{own[name].memory}",
            f"{own[name].used_mb}",
            Spread.of(own[name].cold_ms).text(0),
            Spread.of(own[name].init_ms).text(0),
            Spread.of(own[name].warm_ms).text(0),
            f"{own[name].usd_per_million_warm:.2f}",
            ", ".join(warm[name].calls),
        )
    shown.add_row("(bare boto3)", "", "", cold.bare_seconds().text(2))
    shown.add_row("(the same, uncut)", "", "", cold.uncut_seconds().text(2))
    return shown
