"""Checks stopped runs: before their launch, in Batch's queue, and while they run."""

from jetbridge.contract import Outcome
from jetbridge_cli.verify.bench import Bench, CheckFailed, expect, expect_end
from jetbridge_cli.verify.checks.check import Check
from jetbridge_cli.verify.quickstart import WAITS

_REASON = "jetbridge verify stops it"
_WAITS = WAITS.format(seconds=900)
# All the capacity of the narrow compute environment (examples/quickstart/verify.yaml).
_WHOLE = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]


def stop_at_once(bench: Bench) -> None:
    run_id = bench.start("stop_at_once", run_task=bench.quickstart.task(_WAITS))
    _stopped(bench, run_id)


def stop_running_ecs(bench: Bench) -> None:
    run_id = bench.start("stop_running_ecs", run_task=bench.quickstart.task(_WAITS))
    bench.running(run_id)
    _stopped(bench, run_id)


def stop_running_batch(bench: Bench) -> None:
    run_id = bench.start("stop_running_batch", submit_job=bench.quickstart.job(_WAITS))
    bench.running(run_id)
    _stopped(bench, run_id)


def stop_queued(bench: Bench) -> None:
    job = bench.quickstart.job(_WAITS, queue=bench.stage.names.narrow_queue)
    job["containerOverrides"]["resourceRequirements"] = _WHOLE
    first = bench.start("stop_queued first", submit_job=job)
    bench.running(first)
    waiting = bench.start("stop_queued", submit_job=job)
    job_id = _queued(bench, waiting)
    outcome = _stopped(bench, waiting)
    # The outcome has replaced the launched record, so this asks for the job's id again.
    expect("the job that was stopped", outcome.backend_id, job_id)
    expect("when it began to run", outcome.started_at, None)
    bench.jetbridge.stop(first, _REASON)
    bench.stage.runs.add(bench.jetbridge.outcome(first, bench.patience))


def _queued(bench: Bench, run_id: str) -> str:
    """The id of the run's job, when Batch says that it waits for capacity."""

    def look() -> str | None:
        launched = bench.jetbridge.launched(run_id)
        if launched is None:
            return None
        jobs = bench.aws.batch.describe_jobs(jobs=[launched.backend_id])["jobs"]
        return launched.backend_id if jobs and jobs[0]["status"] == "RUNNABLE" else None

    return bench.patience.until(look, f"the state RUNNABLE of {run_id}'s job")


def _stopped(bench: Bench, run_id: str) -> Outcome:
    answer = bench.jetbridge.stop(run_id, _REASON)
    # If an answer was lost, the request is sent again, and finds that the run is already stopped.
    if run_id not in answer.stopping + answer.already_ended:
        raise CheckFailed(f"stop_run answers {answer}, and doesn't stop {run_id}")
    outcome = bench.outcome(run_id)
    expect_end(outcome, "stopped", "stopped_by_user")
    expect("who asked for the stop", outcome.stopped_by, "jetbridge verify")
    return outcome


CHECKS = [
    Check(
        "stop_at_once",
        "a run that is stopped the moment it is accepted ends as stopped",
        ("stop_run, its fence",),
        stop_at_once,
        container_seconds=180,
    ),
    Check(
        "stop_running_ecs",
        "a running task is stopped, and the outcome says by whom",
        ("stop_run, its fence", "launched records", "IAM policies"),
        stop_running_ecs,
        container_seconds=180,
    ),
    Check(
        "stop_running_batch",
        "a running job is stopped, and the outcome says by whom",
        ("stop_run, its fence", "launched records", "IAM policies"),
        stop_running_batch,
        container_seconds=300,
    ),
    Check(
        "stop_queued",
        "a job that waits in Batch's queue is stopped, and never runs",
        ("stop_run, its fence",),
        stop_queued,
        seconds=900,
        # A container with a whole vCPU counts for four.
        containers=8,
        container_seconds=400,
    ),
]
