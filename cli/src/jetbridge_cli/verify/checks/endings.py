"""Checks how runs end: success, an exit code, a missing image, a timeout."""

from jetbridge_cli.verify.bench import Bench, expect, expect_end
from jetbridge_cli.verify.checks.check import Check
from jetbridge_cli.verify.quickstart import CONTAINER, WAITS

_EXIT_CODE = 3
_TIMEOUT_SECONDS = 45


def ecs_success(bench: Bench) -> None:
    outcome = bench.outcome(bench.start("ecs_success", run_task=bench.quickstart.task("echo done")))
    expect_end(outcome, "succeeded", "completed")
    expect("the exit codes", outcome.exit_codes, {CONTAINER: 0})
    expect("the number of launches", outcome.launches, 1)


def batch_success(bench: Bench) -> None:
    job = bench.quickstart.job("echo done")
    outcome = bench.outcome(bench.start("batch_success", submit_job=job))
    expect_end(outcome, "succeeded", "completed")
    expect("the exit codes", list(outcome.exit_codes.values()), [0])


def ecs_exit_code(bench: Bench) -> None:
    task = bench.quickstart.task(f"echo the source was not ready; exit {_EXIT_CODE}")
    outcome = bench.outcome(bench.start("ecs_exit_code", run_task=task))
    expect_end(outcome, "failed", "application_exit")
    expect("the exit codes", outcome.exit_codes, {CONTAINER: _EXIT_CODE})


def batch_exit_code(bench: Bench) -> None:
    job = bench.quickstart.job(f"echo the source was not ready; exit {_EXIT_CODE}")
    outcome = bench.outcome(bench.start("batch_exit_code", submit_job=job))
    expect_end(outcome, "failed", "application_exit")
    expect("the exit codes", list(outcome.exit_codes.values()), [_EXIT_CODE])


def ecs_missing_image(bench: Bench) -> None:
    task = bench.quickstart.missing_image_task
    outcome = bench.outcome(bench.start("ecs_missing_image", run_task=task))
    expect_end(outcome, "failed", "image_not_found")


def batch_missing_image(bench: Bench) -> None:
    job = bench.quickstart.missing_image_job
    outcome = bench.outcome(bench.start("batch_missing_image", submit_job=job))
    expect_end(outcome, "failed", "image_not_found")


def timeout(bench: Bench) -> None:
    task = bench.quickstart.task(WAITS.format(seconds=900))
    run_id = bench.start("timeout", run_task=task, timeout_seconds=_TIMEOUT_SECONDS)
    expect_end(bench.outcome(run_id), "stopped", "timeout")


CHECKS = [
    Check(
        "ecs_success",
        "a task on Fargate runs, and its success is sealed",
        (
            "contract: requests, answers, outcomes",
            "finish_run: sealed once, last lines, result",
            "IAM policies",
            "arm64",
        ),
        ecs_success,
    ),
    Check(
        "batch_success",
        "a Batch job on Fargate runs, and its success is sealed",
        (
            "contract: requests, answers, outcomes",
            "finish_run: sealed once, last lines, result",
            "IAM policies",
        ),
        batch_success,
    ),
    Check(
        "ecs_exit_code",
        "a task that fails is a failure with its exit code, and is not launched again",
        ("failure policy, relaunches",),
        ecs_exit_code,
    ),
    Check(
        "batch_exit_code",
        "a job that fails is a failure with its exit code, and is not launched again",
        ("failure policy, relaunches",),
        batch_exit_code,
    ),
    Check(
        "ecs_missing_image",
        "a task whose image doesn't exist fails as image_not_found, by ECS's own words",
        ("failure policy, relaunches",),
        ecs_missing_image,
        container_seconds=300,
    ),
    Check(
        "batch_missing_image",
        "a job whose image doesn't exist fails as image_not_found, by Batch's own words",
        ("failure policy, relaunches",),
        batch_missing_image,
        seconds=900,
        container_seconds=300,
    ),
    Check(
        "timeout",
        "the sweeper, on its schedule, stops a run that takes longer than it may",
        ("sweep_runs: timeouts, lost events, lost tasks, the hourly audit",),
        timeout,
        container_seconds=240,
    ),
]
