"""Checks many containers at once: an array and a flood."""

import statistics
import time

from jetbridge_cli.verify.bench import Bench, CheckFailed, expect, expect_end
from jetbridge_cli.verify.checks.check import Check
from jetbridge_cli.verify.launches import tasks_by_run

_ARRAY = 3
_FLOOD = 50
_AT_ONCE = 8


def array(bench: Bench) -> None:
    job = bench.quickstart.job("echo child", arrayProperties={"size": _ARRAY})
    outcome = bench.outcome(bench.start("array", submit_job=job))
    expect_end(outcome, "succeeded", "completed")
    [parent] = bench.aws.batch.describe_jobs(jobs=[outcome.backend_id or ""])["jobs"]
    summary = parent.get("arrayProperties", {}).get("statusSummary", {})
    bench.note(status_summary=summary)
    expect("the number of children that succeeded", summary.get("SUCCEEDED"), _ARRAY)


def flood(bench: Bench) -> None:
    task = bench.quickstart.task("true")
    requests = [bench.request(f"flood {number}", run_task=task) for number in range(_FLOOD)]
    taken = []

    def start(number: int) -> str:
        before = time.monotonic()
        run_id = bench.jetbridge.start(requests[number]).run_id
        taken.append(time.monotonic() - before)
        return run_id

    began = time.monotonic()
    run_ids = bench.at_once(start, range(_FLOOD), _AT_ONCE)
    bench.note(
        starts=_FLOOD,
        accepted_in_seconds=round(time.monotonic() - began, 1),
        answered_ms_median=round(statistics.median(taken) * 1000),
        answered_ms_longest=round(max(taken) * 1000),
    )
    states: dict[str, int] = {}
    for run_id in run_ids:
        outcome = bench.jetbridge.outcome(run_id, bench.patience)
        bench.stage.runs.add(outcome)
        states[outcome.state.value] = states.get(outcome.state.value, 0) + 1
    bench.note(states=states, ended_in_seconds=round(time.monotonic() - began, 1))
    tasks = tasks_by_run(bench.aws.ecs, bench.quickstart.cluster)
    launched = [len(tasks.get(run_id, [])) for run_id in run_ids]
    made = [task["createdAt"].timestamp() for run_id in run_ids for task in tasks.get(run_id, [])]
    bench.note(
        launched_once=launched.count(1),
        launched_twice=sum(number > 1 for number in launched),
        launched_within_seconds=round(max(made) - min(made), 1) if made else None,
    )
    expect("how the runs ended", states, {"succeeded": _FLOOD})
    if launched.count(1) != _FLOOD:
        raise CheckFailed(
            f"{_FLOOD - launched.count(1)} of {_FLOOD} runs don't have exactly one task"
        )


CHECKS = [
    Check(
        "array",
        f"an array job with {_ARRAY} children ends as one run",
        ("finish_run: sealed once, last lines, result",),
        array,
        containers=_ARRAY,
    ),
    Check(
        "flood",
        f"{_FLOOD} starts at once, faster than ECS takes them: each is launched once, none is lost",
        ("launches at the rate that AWS allows", "AWS's throttles, in all their disguises"),
        flood,
        seconds=1200,
        containers=_FLOOD,
        # The quota of a new account allows 24 such containers (AWS Fargate service quotas: 6
        # vCPUs).
        alone=True,
    ),
]
