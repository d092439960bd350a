"""How long after its job a task ends in Airflow, beside the amazon provider's own operators.

One local cloud with Jetbridge's stack, one Airflow (LocalExecutor, PostgreSQL, logs on S3; in the
environment ``stock``, since the amazon provider's deferrable operators want aiobotocore). ROUNDS
runs of every kind are started one by one, a round being one of each kind in random order, so that
all meet the same noise; each is a DAG run of one task. Jobs last 20 s and a random 0 to 30 s more:
jobs of one length would end at one phase of whatever polls. SEED makes orders, starts and
durations. ``KINDS=short make bench ONLY=lag`` runs only the kinds whose names
begin with it.

A lag is from the job's ``stoppedAt``, as DescribeTasks or DescribeJobs has it, to the ``end_date``
of the task instance, as Airflow's API has it; all clocks are this machine's. The kinds:

``feed_ecs``, ``feed_batch``: Jetbridge's operators; the triggerer reads the outcomes table.
``push_ecs``, ``push_batch``: the same with ``finish="push"``, logged in as an Airflow user with
    the role op; the trigger waits beside it as it does for everybody.
``stock_ecs``, ``stock_batch``: the amazon provider's, ``deferrable=True``, else at their defaults
    (polls every 6 and every 30 s).
``short_feed_ecs``, ``short_feed_batch``: Jetbridge's operators with jobs of 1 to 3 s; a round has
    two of each.
``short_stock_ecs``, ``short_stock_batch``: the amazon provider's with such jobs.
``floor``: a task that waits for a moment and nothing else. Its lag is from that moment, so it is
    what Airflow itself takes from a trigger's event to a task's end.

Figures, in seconds: ``ours_feed_p50_s`` and ``ours_feed_p95_s`` are of all runs by feed, on both
backends; ``ours_push_…`` likewise; ``floor_…``, ``stock_ecs_…`` and ``stock_batch_…`` of that
kind; ``p50_s`` of each kind. ``feed_over_ecs`` is the median of feed_ecs over that of stock_ecs,
``push_over_ecs`` that of push_ecs over the same, ``feed_over_batch`` that of feed_batch over that
of stock_batch. ``settling_p50_s``: how long finish_run waited for the job's last log lines, from
its first look to its last; it is part of the lags. ``runs`` were started, ``missing`` of them
have no lag: they failed, or had not ended in time. A missing run counts as slower than any other,
and a figure that would be its lag is null.

Of the short kinds, times are from the task's start to its end: ``short_ours_p50_s`` and
``short_ours_p95_s`` on both backends, ``short_stock_ecs_p50_s``, ``short_stock_batch_p50_s``;
``short_ecs_beyond_stock_s`` is ours on ECS less stock's. ``short_missing`` of ``short_runs``, ours
on both, failed or hadn't ended; of stock's, ``short_stock_missing`` of ``short_stock_runs``, for
Airflow fails tasks that are resumed early. Stock's times are of those that ended.

The table shows the medians of a lag's parts, from one moment to the next that is known:

``tracked``: track_run takes up the event (first call that names the run).
``finish_run``: finish_run takes up the run.
``settled``: its last look for log lines.
``sealed``: the outcome's own ``finished_at``.
``notified``: notify_airflow takes up the run; by feed, the triggerer reads the index of ends.
``resumed``: Airflow schedules the task again (``scheduled_when``): the trigger's event has come
    through the triggerer, or the push through the API server.
``queued``: the scheduler has given it to the executor (``queued_when``).
``ended``: a worker has started, resumed the task and ended it.

Not in the lags, and on AWS on top: EventBridge's delivery (about half a second), the network, and
cold starts of functions; not on AWS: the worker's share of a busy machine.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial

import psutil
from rich.table import Table

from benchmarks.lag.figures import SHORT, SHORT_STOCK, Measured, figures, missing
from benchmarks.lag.plan import Durations, Kind, plan
from benchmarks.lag.reading import read_back
from benchmarks.lag.sending import send, wait
from benchmarks.lag.shown import table
from benchmarks.lag.site import IMAGES, define_job, make_secret, start_airflow
from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.workspace import Workspace

KINDS = tuple(kind for kind in Kind if kind.startswith(os.environ.get("KINDS", "")))
TWICE = tuple(kind for kind in SHORT if kind in KINDS)
ROUNDS = sized(50, 2)
SEED = 20260301
# None of them is short (``[jetbridge] short_run_seconds``).
DURATIONS = sized(Durations(), Durations(least=12.0, spread=2.0))
SHORT_DURATIONS = Durations(least=1.0, spread=2.0)
WARM_UP = Durations(spread=1.0)
# A run takes about 1.3 s of CPU time, most of it for Airflow's two worker processes: so two cores
# are busy half of the time.
EVERY_SECONDS = 1.5
PATIENCE_SECONDS = 120.0


def run(workspace: Workspace) -> Result:
    """Run every kind in turn, then read back how it went."""
    step = workspace.progress.step
    stack = workspace.deployed_stack(images=IMAGES, parameters=make_secret)
    define_job(stack)
    airflow = start_airflow(workspace, stack)
    planned = partial(plan, every=EVERY_SECONDS, short=SHORT_DURATIONS, seed=SEED)
    first = planned(KINDS, 1, durations=WARM_UP, name="first")
    runs = planned((*KINDS, *TWICE), ROUNDS, durations=DURATIONS)
    with airflow.client() as client:
        with step("DAGs"):
            for kind in KINDS:
                client.wait_for_dag(kind.dag_id)
        with step("one run of each kind first") as say:
            send(client, first, say)
            wait(client, first, PATIENCE_SECONDS, say)
        began = time.time()
        with step(f"{ROUNDS} runs of each kind") as say:
            psutil.cpu_percent()
            refused = send(client, runs, say)
            busy = psutil.cpu_percent()
            wait(client, runs, PATIENCE_SECONDS, say)
        with step("read everything back"):
            measured = read_back(client, stack, runs, began)
    lost = [each for each in missing(measured) if each.run.kind not in SHORT_STOCK]
    broken = [f"{len(lost)} of {len(measured)} runs have no lag"] if lost else []
    return Result(figures(measured), _table(measured, busy, refused.values()), broken)


def _table(measured: Measured, busy: float, refusals: Iterable[Exception]) -> Table:
    lost = Counter(f"{each.run.kind} {each.reason}" for each in missing(measured))
    lost.update(f"not taken by Airflow: {refusal}" for refusal in refusals)
    notes = [
        f"Jobs of {DURATIONS.least:g} s and up to {DURATIONS.spread:g} s more, short ones of"
        f" {SHORT_DURATIONS.least:g} s and up to {SHORT_DURATIONS.spread:g} s more, a start each"
        f" {EVERY_SECONDS:g} s; seed {SEED}; processors busy: {busy:.0f} %",
        *(f"missing: {what} ({count})" for what, count in lost.items()),
    ]
    return table(measured, KINDS, "\n".join(notes))
