"""Checks the callers: a schedule, a rule, a retry, and a repeated request."""

import time
import uuid

from jetbridge.contract import AirflowCaller, EventCaller, ScheduleCaller, StartRequest
from jetbridge_cli.verify.bench import Bench, CheckFailed, expect, expect_end
from jetbridge_cli.verify.checks.check import Check
from jetbridge_cli.verify.launches import tasks_by_run
from jetbridge_cli.verify.quickstart import WAITS

_REQUESTS = 8


def schedule(bench: Bench) -> None:
    arn = bench.stage.made.starts.result()["ScheduleArn"].rsplit(":", 1)[-1]
    run_id = bench.patience.until(lambda: bench.jetbridge.started_by(arn), "a firing's run")
    bench.note(run_id=run_id)
    outcome = bench.outcome(run_id)
    expect_end(outcome, "succeeded", "completed")
    caller = outcome.caller
    if not isinstance(caller, ScheduleCaller) or not caller.schedule_arn.endswith(arn):
        raise CheckFailed(f"the caller is {caller!r}, and not the schedule {arn}")
    bench.note(scheduled_time=caller.scheduled_time, started_at=outcome.started_at)


def rule(bench: Bench) -> None:
    name = bench.stage.made.starts.result()["RuleName"]
    answer = bench.aws.events.put_events(
        Entries=[{"Source": "jetbridge.quickstart", "DetailType": name, "Detail": "{}"}]
    )
    put = answer["Entries"][0]
    event_id = put.get("EventId", "")
    bench.note(event_id=event_id)
    run_id = bench.patience.until(lambda: bench.jetbridge.started_by(event_id), "the event's run")
    bench.note(run_id=run_id)
    outcome = bench.outcome(run_id)
    expect_end(outcome, "succeeded", "completed")
    expect("the caller", outcome.caller, EventCaller(event_id=event_id, rule=name))


def retry_attach(bench: Bench) -> None:
    first = bench.jetbridge.start(_try(bench, 1))
    bench.note(run_id=first.run_id)
    bench.running(first.run_id)
    # Its id is made after the first one's, as Airflow does for a retry.
    second = bench.jetbridge.start(_try(bench, 2))
    expect("the second try's run", (second.run_id, second.attached), (first.run_id, True))
    bench.jetbridge.stop(first.run_id, "jetbridge verify has seen enough", "airflow")
    expect_end(bench.outcome(first.run_id), "stopped", "stopped_by_user")
    expect("the number of its tasks", _tasks(bench, first.run_id), 1)


def _try(bench: Bench, number: int) -> StartRequest:
    caller = AirflowCaller(
        dag_id="verify",
        run_id=bench.stage.names.name,
        task_id="retry_attach",
        try_number=number,
        ti_id=_task_instance_id(),
    )
    task = bench.quickstart.task(WAITS.format(seconds=900))
    return StartRequest(caller=caller, run_task=task, previous="attach")


def duplicate(bench: Bench) -> None:
    request = bench.request("duplicate", run_task=bench.quickstart.task("echo once"))
    answers = bench.at_once(bench.jetbridge.start, [request] * _REQUESTS, _REQUESTS)
    run_ids = {answer.run_id for answer in answers}
    bench.note(requests=_REQUESTS, run_ids=sorted(run_ids))
    expect("the number of runs", len(run_ids), 1)
    # None if the first answer was lost and the request was sent again.
    firsts = [answer.duplicate for answer in answers].count(False)
    if firsts > 1:
        raise CheckFailed(f"{firsts} of {_REQUESTS} answers say that theirs was the first request")
    [run_id] = run_ids
    expect_end(bench.outcome(run_id), "succeeded", "completed")
    expect("the number of its tasks", _tasks(bench, run_id), 1)


def _tasks(bench: Bench, run_id: str) -> int:
    return len(tasks_by_run(bench.aws.ecs, bench.quickstart.cluster).get(run_id, []))


def _task_instance_id() -> str:
    """A UUID of version 7, as Airflow makes them: 48 bits of milliseconds, then random bits (RFC
    9562, section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    chance = uuid.uuid4().int
    number = (
        milliseconds << 80
        | 7 << 76
        | (chance >> 68 & 0xFFF) << 64
        | 2 << 62
        | chance & (1 << 62) - 1
    )
    return str(uuid.UUID(int=number))


CHECKS = [
    Check(
        "schedule",
        "EventBridge Scheduler starts a run, which says whose firing it is",
        ("schedules", "IAM policies"),
        schedule,
        # It fires every minute until everything is removed.
        containers=20,
        needs="starts",
    ),
    Check(
        "rule",
        "an event starts a run through a rule's input transformer",
        ("which kind of caller speaks, by the alias of a function",),
        rule,
        needs="starts",
    ),
    Check(
        "retry_attach",
        "a second try of an Airflow task attaches to the first one's container",
        ("`previous: stop` and `attach`",),
        retry_attach,
        container_seconds=180,
    ),
    Check(
        "duplicate",
        f"{_REQUESTS} equal requests at once are one run and one task",
        ("start_run: once per key, refusals",),
        duplicate,
    ),
]
