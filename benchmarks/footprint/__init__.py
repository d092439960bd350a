"""How big the functions are and how much of their time is their own.

Every function is deployed by `sam build` and `sam deploy` to a local cloud, read back from it and
run under AWS's own runtime client (awslambdaric). Each invocation does the function's real work
on a run of its own, for one message; what it was to write is looked up afterwards.

``package_mb``: the function with its layers, unzipped, in Lambda's MB (quota: 250). The layer of
    libraries holds native code for both architectures.
``cold_ratio``: seconds from the start of the process to the handler's answer, over the same for a
    bare handler that imports boto3 and makes one client; same interpreter, layers and variables.
    The median of several rounds; in each, every function and the bare handler start in turn.
    In it: the interpreter's start, awslambdaric, imports (compiled anew unless the package ships
    .pyc files: nothing may be written, as on Lambda), clients, and the AWS calls, which go to
    loopback. Not in it: Lambda's sandbox, the package's download, TLS, the network, a Lambda's
    smaller share of a processor, and the wait for late log lines, which is set to 0.
``cold_cpu_ratio``: the same ratio of the processes' CPU time, for machines with other work to do.
``warm_cpu_ms``: CPU time of a warm handler (all its threads) less what botocore's API calls take
    of it. In it: powertools, decoding, the core, everything around the calls (s3transfer too).
    Not in it: awslambdaric's own work between invocations.

Seconds and CPU time are of this machine; ratios carry over to others better.
"""

from rich.table import Table

from benchmarks.footprint.cold import ColdStarts, Rounds, cold_starts
from benchmarks.footprint.occasions import Occasions
from benchmarks.footprint.packages import Package, Packages
from benchmarks.footprint.processes import FunctionProcesses
from benchmarks.footprint.warm import WarmInvocations, warm_invocations
from benchmarks.result import Result
from benchmarks.workspace import Workspace
from jetbridge_local.demo.application import parameter

ROUNDS = Rounds(least=3, most=9, seconds=80)
FIRST_INVOCATIONS = 5
WARM_INVOCATIONS = 30


def run(workspace: Workspace) -> Result:
    """Measure every function of the stack."""
    paths, step = workspace.paths, workspace.progress.step
    stack = workspace.deployed_stack()
    with step("packages"):
        packages = Packages(stack, paths.local / "packages")
        read = {name: packages.read(stack.functions[name]) for name in stack.functions}
    with step("one run through all functions"):
        stack.quieten()
        bucket = parameter(paths.root, "AirflowLogBucket")
        occasions = Occasions(stack, paths.root / "events", bucket)
    processes = FunctionProcesses(paths.python("runtime"), stack.cloud.url, workspace.processes)
    specs = {name: package.spec for name, package in read.items()}
    with step("cold starts"):
        cold = cold_starts(processes, specs, occasions, ROUNDS)
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
    return Result(figures(read, cold, warm), table(read, cold, warm))


def figures(
    packages: dict[str, Package], cold: ColdStarts, warm: dict[str, WarmInvocations]
) -> dict[str, dict[str, float]]:
    """Each figure by function."""
    return {
        "package_mb": {name: round(each.unzipped_mb, 2) for name, each in packages.items()},
        "cold_ratio": {name: round(cold.ratio(name).median, 2) for name in packages},
        "cold_cpu_ratio": {name: round(cold.cpu_ratio(name).median, 2) for name in packages},
        "warm_cpu_ms": {name: round(warm[name].cpu_ms.median, 2) for name in packages},
    }


def table(
    packages: dict[str, Package], cold: ColdStarts, warm: dict[str, WarmInvocations]
) -> Table:
    """All figures with their quartiles in brackets."""
    starts = f"{len(cold.rounds)} cold starts"
    shown = Table(
        title="Footprint",
        caption=f"Median (quartiles) of {starts}, {WARM_INVOCATIONS} warm invocations",
    )
    shown.add_column("function")
    for heading in ("MB", "zipped", "cold start s", "cold ratio", "of CPU time", "warm CPU ms"):
        shown.add_column(heading, justify="right")
    shown.add_column("AWS calls of one warm invocation")
    for name, package in packages.items():
        shown.add_row(
            name,
            f"{package.unzipped_mb:.2f}",
            f"{package.zipped_mb:.2f}",
            cold.seconds(name).text(2),
            cold.ratio(name).text(2),
            cold.cpu_ratio(name).text(2),
            warm[name].cpu_ms.text(2),
            ", ".join(warm[name].calls),
        )
    shown.add_row("(bare boto3)", "", "", cold.bare_seconds().text(2))
    return shown
