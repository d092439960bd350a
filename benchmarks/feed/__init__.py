"""What a thousand waiting tasks cost a triggerer, compared with the amazon provider's ECS trigger.

A real triggerer (Airflow 3.3, both of its processes) gets 300 and then 1,000 deferred tasks. Each
is a row in its metadata database, as a worker's deferral leaves it, and their runs don't end. First
the tasks have Jetbridge's trigger; then, in a triggerer of its own, the stock ``TaskDoneTrigger``
as the deferrable ``EcsRunTaskOperator`` makes it, logs included. One server plays AWS for both
sides and counts the calls (benchmarks/feed/aws.py). It runs outside the measured processes.

``cpu_percent``: of one processor, both processes, while nothing happens. ``calls_per_minute``: to
AWS, at the same time. ``rss_mb_per_task``: resident memory beyond that of the triggerer before it
had tasks. ``stall_s_at_start``: the longest time that the event loop was held up, from the first
trigger until 5 s after the last one began to wait.

If the stock side fails at a size, that is printed and the rest is measured.

Afterwards all runs of Jetbridge's thousand tasks end at once, with task logs on S3.
``burst_resumed_s``: until the last task is resumed. ``burst_heartbeat_gap_s``: the longest gap in
the triggerer's heartbeat during that time. At 30 s (``[triggerer]
triggerer_health_check_threshold``) its peers would consider it dead.
"""

import shutil
import time
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from benchmarks.errors import BenchmarkFailed
from benchmarks.feed.aws import REGION, EndlessRuns
from benchmarks.feed.sides import OURS, STOCK, Side, run_id
from benchmarks.feed.triggerer import Triggerer, Use
from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import aws_connection, connection_variable
from jetbridge_local.site.progress import Say

SIZES = sized((300, 1000), (10, 20))
SETTLE_SECONDS = 5.0
START_SECONDS = 150.0
BURST_SECONDS = 180.0
MEGABYTE = 1e6
_CAPTION = "A real triggerer of Airflow 3.3; AWS is a stand-in whose runs don't end"

Figures = dict[str, Any]


def run(workspace: Workspace) -> Result:
    """Measure each side at each size, in a triggerer of its own."""
    figures: Figures = {}
    given_up: list[str] = []
    with EndlessRuns() as aws:
        for side in (OURS, STOCK):
            for size in SIZES:
                try:
                    with workspace.progress.step(f"{side.name}, {size} tasks") as say:
                        measured = _measure(workspace, aws, side, size, say)
                except BenchmarkFailed as error:
                    if side is OURS:
                        raise
                    given_up.append(f"{side.name}, {size} tasks: {error}")
                    continue
                figures |= {f"{side.name}_{size}_{name}": each for name, each in measured.items()}
    return Result(figures, table(figures, given_up))


def _measure(workspace: Workspace, aws: EndlessRuns, side: Side, size: int, say: Say) -> Figures:
    home = workspace.paths.local / "triggerer"
    shutil.rmtree(home, ignore_errors=True)
    connection = aws_connection(aws.url, REGION)
    triggerer = Triggerer(
        home,
        workspace.paths.python("stock"),
        connection_variable("aws_default", connection),
        workspace.paths.local / "airflow-databases",
    )
    with triggerer.running():
        time.sleep(SETTLE_SECONDS)
        idle = triggerer.use()
        aws.calls.clear()
        triggerer.defer(side, size)
        _wait_started(triggerer, aws, side, size, say)
        time.sleep(SETTLE_SECONDS)
        stall = triggerer.longest_stall()
        before, calls = triggerer.use(), sum(aws.calls.values())
        say(f"all wait; counting for {side.steady_seconds:.0f} s")
        time.sleep(side.steady_seconds)
        after, calls = triggerer.use(), sum(aws.calls.values()) - calls
        measured = _steady(idle, before, after, calls, size)
        measured["stall_s_at_start"] = round(stall, 2)
        if side is OURS and size == max(SIZES):
            measured |= _burst(triggerer, aws, size, say)
    return measured


def _steady(idle: Use, before: Use, after: Use, calls: int, size: int) -> Figures:
    seconds = after.at - before.at
    return {
        "cpu_percent": round(100 * (after.cpu_seconds - before.cpu_seconds) / seconds, 1),
        "rss_mb_per_task": round((after.rss - idle.rss) / MEGABYTE / size, 3),
        "calls_per_minute": round(60 * calls / seconds),
    }


def _wait_started(triggerer: Triggerer, aws: EndlessRuns, side: Side, size: int, say: Say) -> None:
    """Until each trigger runs and, if it polls by itself, has polled; raises BenchmarkFailed."""
    deadline = time.monotonic() + START_SECONDS
    while (started := _started(triggerer, aws, side)) < size:
        triggerer.check()
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"{started} of {size} triggers wait after {START_SECONDS:.0f} s")
        say(f"{started} wait")
        time.sleep(0.5)


def _started(triggerer: Triggerer, aws: EndlessRuns, side: Side) -> int:
    begun = triggerer.begun()
    return min(begun, aws.calls[side.own_call]) if side.own_call else begun


def _burst(triggerer: Triggerer, aws: EndlessRuns, size: int, say: Say) -> Figures:
    """End all runs at once. Raises BenchmarkFailed if the tasks aren't resumed in time."""
    aws.end([run_id(index) for index in range(size)])
    began = beat_at = time.monotonic()
    beat, longest = triggerer.heartbeat(), 0.0
    while left := triggerer.deferred():
        triggerer.check()
        now = time.monotonic()
        if now > began + BURST_SECONDS:
            raise BenchmarkFailed(f"{left} tasks still wait {BURST_SECONDS:.0f} s after their runs")
        longest = max(longest, now - beat_at)
        if (newer := triggerer.heartbeat()) != beat:
            beat, beat_at = newer, now
        say(f"{left} of {size} to be resumed")
        time.sleep(0.25)
    return {
        "burst_resumed_s": round(time.monotonic() - began, 1),
        "burst_heartbeat_gap_s": round(longest, 1),
    }


def table(figures: Figures, given_up: Sequence[str] = ()) -> Table:
    """A row for each figure, a column for each side and size; what couldn't be measured, below."""
    columns = [(side, size) for size in SIZES for side in (OURS, STOCK)]
    shown = Table(
        title="Feed",
        caption="\n".join((_CAPTION, *given_up)),
    )
    shown.add_column("")
    for side, size in columns:
        shown.add_column(f"{size} waiting, {side.name}", justify="right")
    for name, text in (
        ("cpu_percent", "CPU while they wait, % of one processor"),
        ("calls_per_minute", "calls to AWS a minute"),
        ("rss_mb_per_task", "resident memory per task, MB"),
        ("stall_s_at_start", "longest stall of the event loop at the start, s"),
        ("burst_resumed_s", "all runs end at once: resumed after, s"),
        ("burst_heartbeat_gap_s", "… longest gap of the heartbeat, s"),
    ):
        values = [figures.get(f"{side.name}_{size}_{name}", "") for side, size in columns]
        shown.add_row(text, *map(str, values))
    return shown
