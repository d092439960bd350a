"""How fast a log is copied, in how much memory, and whether all of it arrives.

The deployed copy_logs, under AWS's own runtime client (awslambdaric) and with its own clients,
copies a log to the local cloud's S3, through its queue and as many invocations as it takes. It
reads from an endpoint that speaks GetLogEvents and makes up the lines as they are asked for
(`source.py`): the local cloud's own CloudWatch Logs would hold a thousand megabytes of events as
Python objects. Each size has a process of its own. Afterwards the whole log is read back from S3
and each line compared with what the source gave.

``mb_per_s``: megabytes of text (10^6 bytes) over seconds from the first invocation to the last
    answer, for the largest log. GetLogEvents isn't paced here, and answers from loopback.
``peak_rss_mb``: the most memory that the function's process had at once (VmHWM), by size of log.
    Lambda counts that against the function's 256 MB.
``lines_lost``: lines that aren't where they were, of all sizes together.
``mb_per_read``: megabytes of text for each call of GetLogEvents, empty pages and the calls that
    find the end included. With LogReadsPerSecond this is what AWS lets pass: at the default of 5,
    five times as many megabytes a second.

The table has also the CPU time of the function: Lambda gives 256 MB a seventh of a processor.
"""

from dataclasses import replace

from rich.table import Table

from benchmarks.footprint.packages import Packages
from benchmarks.footprint.processes import FunctionProcesses
from benchmarks.logcopy.copying import Copied, Copying
from benchmarks.logcopy.source import Source
from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.site.application import parameter

SIZES_MB = sized((10, 100, 1_000), (2,))
# No call waits for a turn, because the copy is measured and not the pacing.
_UNPACED = "100000"


def run(workspace: Workspace) -> Result:
    """Copy a log of each size."""
    paths, step = workspace.paths, workspace.progress.step
    stack = workspace.deployed_stack()
    with step("package"):
        packages = Packages(stack, paths.local / "packages")
        spec = packages.read(stack.functions["copy_logs"]).spec
        stack.quieten()
    copied: dict[int, Copied] = {}
    with Source(workspace.processes) as source:
        unpaced = {
            "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": source.url,
            "JETBRIDGE_LOG_READS_PER_SECOND": _UNPACED,
        }
        environment = tuple(sorted((dict(spec.environment) | unpaced).items()))
        processes = FunctionProcesses(paths.python("runtime"), stack.cloud.url, workspace.processes)
        copying = Copying(
            stack,
            processes,
            replace(spec, environment=environment),
            bucket=parameter(paths.root, "AirflowLogBucket"),
            prefix=dict(spec.environment).get("JETBRIDGE_LOG_PREFIX", ""),
        )
        for size in SIZES_MB:
            with step(f"{size:,} MB") as say:
                copied[size] = copying.copy(source, size, say)
    found = figures(copied)
    lost = found["lines_lost"]
    return Result(found, table(copied), [f"{lost} lines were lost"] if lost else [])


def figures(copied: dict[int, Copied]) -> dict[str, object]:
    largest = copied[max(copied)]
    return {
        "mb_per_s": round(largest.mb / largest.seconds, 2),
        "peak_rss_mb": {str(size): round(each.peak_rss_mb, 1) for size, each in copied.items()},
        "lines_lost": sum(each.lines_lost for each in copied.values()),
        "mb_per_read": round(largest.mb / largest.reads, 3),
    }


def table(copied: dict[int, Copied]) -> Table:
    """One column for each size."""
    shown = Table(
        title="Copying logs",
        caption="Lines of 20 to 280 bytes; a generated GetLogEvents, the local cloud's S3",
    )
    shown.add_column("")
    for size in copied:
        shown.add_column(f"{size:,} MB", justify="right")
    rows = {
        "lines": [f"{each.lines:,}" for each in copied.values()],
        "lines lost": [f"{each.lines_lost:,}" for each in copied.values()],
        "MB a second": [f"{each.mb / each.seconds:.1f}" for each in copied.values()],
        "CPU seconds": [f"{each.cpu_seconds:.1f}" for each in copied.values()],
        "peak memory, MB": [f"{each.peak_rss_mb:.0f}" for each in copied.values()],
        "memory before, MB": [f"{each.first_rss_mb:.0f}" for each in copied.values()],
        "invocations": [f"{each.invocations}" for each in copied.values()],
        "calls of GetLogEvents": [f"{each.reads:,}" for each in copied.values()],
        "MB a call": [f"{each.mb / each.reads:.2f}" for each in copied.values()],
        "MB a second at 5 calls": [f"{5 * each.mb / each.reads:.1f}" for each in copied.values()],
        "shown in Airflow, MB": [f"{each.shown_mb:.1f}" for each in copied.values()],
    }
    for name, cells in rows.items():
        shown.add_row(name, *cells)
    return shown
