"""Starts the runs at their times and waits for their ends."""

import time
from collections.abc import Sequence
from contextlib import suppress

from benchmarks.lag.plan import PlannedRun
from jetbridge_local.airflow import AirflowClient, AirflowError
from jetbridge_local.site.progress import Say

TASK = "job"


def send(
    client: AirflowClient, runs: Sequence[PlannedRun], say: Say
) -> dict[PlannedRun, AirflowError]:
    """Start each run when its time has come, one DAG run each; returns those not taken."""
    refused = {}
    began = time.monotonic()
    for count, run in enumerate(runs, 1):
        time.sleep(max(0.0, began + run.after - time.monotonic()))
        try:
            client.trigger(run.kind.dag_id, run_id=run.name, conf={"seconds": run.seconds})
        except AirflowError as error:
            refused[run] = error
        say(f"{count} of {len(runs)} started")
    return refused


def wait(client: AirflowClient, runs: Sequence[PlannedRun], seconds: float, say: Say) -> None:
    """Wait until all have ended, at most ``seconds``: those that haven't will be missing."""
    deadline = time.monotonic() + seconds
    for count, run in enumerate(runs, 1):
        remaining = max(0.0, deadline - time.monotonic())
        with suppress(AirflowError):
            client.wait_for_dag_run(run.kind.dag_id, run.name, remaining)
        say(f"{count} of {len(runs)} waited for")
