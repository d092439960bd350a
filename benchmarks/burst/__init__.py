"""Ten thousand runs end at once: ten thousand state-change events, a tenth of them sent twice.

The events are copies of the recorded one of a task that exited with 3; only names and times differ.
They are put into the state-change queue in random order while it is held back. Then they go through
track_run, the finish queue and finish_run of the deployed stack. Each run's row is a copy of one
that start_run and launch_run wrote. There are no such tasks, so their log streams are missing;
finish_run asks for them and finds that out.

``outcomes``: runs with a sealed outcome. ``duplicates``: outcomes beyond the first of a run,
counted from the "Jetbridge Run Finished" events that a rule of the benchmark's own puts into a
queue. ``announced_again``: events beyond the first of a run, because delivery is at least once.
``lost``: runs without an outcome, or without an event about it. ``events_per_cpu_second``: the
events, each counted once, over the CPU seconds of track_run and finish_run together. This includes
their cold starts and repeated messages, but not the emulator's work.
"""

import random
import time
from collections.abc import Callable

from rich.table import Table

from benchmarks.burst.events import Events, Listener, sealed, send
from benchmarks.burst.figures import Burst
from benchmarks.cpu import FunctionCpu
from benchmarks.errors import BenchmarkFailed
from benchmarks.result import Result
from benchmarks.rows import Made, Rows, run_id
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.flood.starts import CLUSTER
from jetbridge_local.site.progress import Say
from jetbridge_local.site.stack import Stack

RUNS = sized(10_000, 100)
REPEATED = sized(1_000, 10)
SAMPLE = "ecs_stopped_exit_3"
_PATIENCE_SECONDS = 900
_LOOK_SECONDS = 2.0
_FUNCTIONS = ["track_run", "finish_run"]
_DAY_SECONDS = 86_400


def run(workspace: Workspace) -> Result:
    """Write rows, send events, wait for the outcomes, count."""
    step = workspace.progress.step
    stack = workspace.deployed_stack(
        images=workspace.paths.root / "benchmarks" / "flood" / "images.yaml"
    )
    release = stack.hold_back("StateChangeQueue")
    rows = Rows(stack)
    listener = Listener(stack)
    with step(f"{RUNS} rows"):
        made = [_made(stack, number) for number in range(RUNS)]
        later = time.time() + _DAY_SECONDS
        rows.write(made, lambda _: later, {})
    settings = stack.cloud.settings
    events = Events(workspace.paths.root, SAMPLE, rows, settings.account, settings.region)
    with step(f"{RUNS + REPEATED} messages"):
        bodies = [events.end_of(each) for each in made]
        bodies += random.sample(bodies, REPEATED)
        random.shuffle(bodies)
        send(stack, bodies)
    with step(f"{RUNS} outcomes") as say:
        burst = _measure(stack, listener, [each.run_id for each in made], release, say)
    wrong = {"runs were lost": burst.lost, "outcomes were sealed twice": burst.duplicates}
    broken = [f"{count} {what}" for what, count in wrong.items() if count]
    return Result(figures(burst), table(burst), broken)


def _made(stack: Stack, number: int) -> Made:
    settings = stack.cloud.settings
    name = run_id(number)
    place = f"arn:aws:ecs:{settings.region}:{settings.account}:task/{CLUSTER}"
    return Made(name, f"{place}/{number:032x}")


def _measure(
    stack: Stack, listener: Listener, runs: list[str], release: Callable[[], None], say: Say
) -> Burst:
    cpu = FunctionCpu(stack, _FUNCTIONS)
    before = cpu.seconds()
    announced: list[tuple[str, str]] = []
    began = time.monotonic()
    release()
    while waiting := stack.waiting("StateChangeQueue") + stack.waiting("FinishQueue"):
        if time.monotonic() - began > _PATIENCE_SECONDS:
            raise BenchmarkFailed(f"{waiting} messages wait after {_PATIENCE_SECONDS} s")
        announced += listener.heard()
        cpu.seconds()
        say(f"{len(announced)} announced")
        time.sleep(_LOOK_SECONDS)
    seconds = time.monotonic() - began
    used = cpu.seconds() - before
    announced += listener.heard()
    known = set(runs)
    return Burst(
        runs=runs,
        events=RUNS,
        messages=RUNS + REPEATED,
        sealed=sealed(stack),
        announced=[(name, outcome) for name, outcome in announced if name in known],
        cpu_seconds=used,
        seconds=seconds,
    )


def figures(burst: Burst) -> dict[str, float]:
    return {
        "events": burst.events,
        "outcomes": burst.outcomes,
        "duplicates": burst.duplicates,
        "announced_again": burst.announced_again,
        "lost": burst.lost,
        "events_per_cpu_second": round(burst.events_per_cpu_second, 1),
        "cpu_seconds": round(burst.cpu_seconds, 1),
        "seconds": round(burst.seconds, 1),
    }


def table(burst: Burst) -> Table:
    """The figures, and what explains them."""
    shown = Table(title="Burst", caption=f"events like {SAMPLE}, through track_run and finish_run")
    shown.add_column("")
    shown.add_column("", justify="right")
    per_event = burst.cpu_seconds / burst.events * 1000
    for name, value in (
        ("events, and messages with those sent twice", f"{burst.events}, {burst.messages}"),
        ("outcomes sealed", f"{burst.outcomes}"),
        ("second outcomes", f"{burst.duplicates}"),
        ("the same outcome announced again", f"{burst.announced_again}"),
        ("lost", f"{burst.lost}"),
        ("from the first event to the last outcome", f"{burst.seconds:.0f} s"),
        ("CPU seconds of track_run and finish_run", f"{burst.cpu_seconds:.0f}"),
        ("CPU milliseconds per event", f"{per_event:.1f}"),
        ("events per CPU second", f"{burst.events_per_cpu_second:.1f}"),
    ):
        shown.add_row(name, value)
    return shown
