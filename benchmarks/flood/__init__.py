"""A thousand starts at once, on a backend that takes twenty a second.

One DAG's starts go through the deployed start_run on a local cloud whose ECS has AWS's documented
limits: 20 calls of RunTask a second, burst 20 (Amazon ECS developer guide, "AWS Fargate throttling
quotas"). When they are accepted, and most of them wait for their launch, another DAG starts one
run. Figures come from the clients' clocks and from ECS's own list of tasks, never from Jetbridge's
records.

``starts``: accepted starts of the flood. ``launched``: its runs for which ECS has a task.
``launched_twice``: runs with more than one task. ``lost``: accepted runs without a task.
``time_over_ideal``: from the first accepted start to the last launch, over starts / 20 s.
``accepted_p99_s``: from a start's request to its answer, of the whole flood.
``other_caller_delay_s``: from the other caller's request to its task.

A smaller flood comes first, so these are the figures of warm functions; the table has those of cold
ones.

On AWS a thousand starts are in flight at once, each in an environment of its own. Here functions,
emulator and containers share this machine's processors, so IN_FLIGHT starts are in flight. That is
enough to be accepted faster than they can be launched, and few enough that a start doesn't mostly
wait for a processor. For the same reason the queue of state changes is held back: the work that
follows a launch would take processors from the launches. The containers run and end, and their
events wait. With all functions at work, tests/integration/stack sends a smaller flood.
"""

from rich.table import Table

from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.flood import send
from jetbridge_local.flood.figures import Flood, percentile
from jetbridge_local.flood.launches import throttled_calls, wait_launched
from jetbridge_local.flood.starts import Start, Starts
from jetbridge_local.limits import Limits

STARTS = sized(1_000, 40)
FIRST_STARTS = sized(200, 10)
PER_SECOND = 20.0
BURST = 20
IN_FLIGHT = 4
_COLD_SECONDS = 60


def run(workspace: Workspace) -> Result:
    """Send the flood, wait for its launches, count."""
    step = workspace.progress.step
    stack = workspace.deployed_stack(
        images=workspace.paths.root / "benchmarks" / "flood" / "images.yaml",
        limits=Limits(run_task_per_second=PER_SECOND, run_task_burst=BURST),
    )
    stack.hold_back("StateChangeQueue")
    starts = Starts(stack)
    with step("cold starts") as say:
        cold = starts.at_the_same_time("cold", IN_FLIGHT)
        wait_launched(stack, _COLD_SECONDS, say)
    with step(f"{FIRST_STARTS} starts first") as say:
        first = send(stack, starts, "first", FIRST_STARTS, PER_SECOND, IN_FLIGHT, say)
    with step(f"{STARTS} starts, {PER_SECOND:g} launches a second") as say:
        flood = send(stack, starts, "flood", STARTS, PER_SECOND, IN_FLIGHT, say)
    throttled = throttled_calls(stack, min(start.sent for start in flood.starts))
    wrong = {"runs were lost": flood.lost, "runs were launched twice": flood.launched_twice}
    broken = [f"{count} {what}" for what, count in wrong.items() if count]
    return Result(figures(flood), table(flood, first, cold, throttled), broken)


def figures(flood: Flood) -> dict[str, float]:
    return {
        "starts": len(flood.starts),
        "launched": flood.launched,
        "launched_twice": flood.launched_twice,
        "lost": flood.lost,
        "time_over_ideal": round(flood.seconds / flood.ideal_seconds, 3),
        "accepted_p99_s": round(flood.accepted_percentile(99), 3),
        "other_caller_delay_s": round(flood.other_caller_delay, 2),
    }


def table(flood: Flood, first: Flood, cold: list[Start], throttled: int) -> Table:
    """The figures, and what explains them."""
    shown = Table(
        title="Flood",
        caption=f"{IN_FLIGHT} starts in flight at a time; ECS: {PER_SECOND:g} RunTask a second,"
        f" burst {BURST}",
    )
    shown.add_column("")
    shown.add_column("", justify="right")
    sending = max(start.answered for start in flood.starts) - min(s.sent for s in flood.starts)
    slowest_cold = max(start.seconds for start in cold)
    for name, value in (
        ("starts accepted", f"{len(flood.starts)} in {sending:.1f} s"),
        ("launched once", f"{flood.launched - flood.launched_twice}"),
        ("launched twice", f"{flood.launched_twice}"),
        ("lost", f"{flood.lost}"),
        ("first start accepted to last launch", f"{flood.seconds:.1f} s"),
        ("ideal", f"{flood.ideal_seconds:.1f} s"),
        ("over ideal", f"{flood.seconds / flood.ideal_seconds:.3f}"),
        (
            f"over ideal, the {len(first.starts)} first starts, cold",
            f"{first.seconds / first.ideal_seconds:.3f}",
        ),
        ("most launches in a second", f"{flood.most_in_a_second}"),
        ("RunTask calls throttled", f"{throttled}"),
        ("accepted, warm: p50", f"{flood.accepted_percentile(50):.3f} s"),
        ("accepted, warm: p99", f"{flood.accepted_percentile(99):.3f} s"),
        ("accepted, cold: p50", f"{percentile([s.seconds for s in cold], 50):.3f} s"),
        ("accepted, cold: slowest", f"{slowest_cold:.3f} s"),
        ("other caller: start to launch", f"{flood.other_caller_delay:.2f} s"),
        ("runs waiting when it came", f"{flood.waiting_before_the_other}"),
        ("of those, launched before it", f"{flood.launched_before_the_other}"),
    ):
        shown.add_row(name, value)
    return shown
