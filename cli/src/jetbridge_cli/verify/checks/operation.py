"""Checks what an operator relies on: replayed dead letters, announcements, and separate stacks."""

from collections.abc import Iterator
from contextlib import contextmanager

from jetbridge.contract import run_id_of
from jetbridge_cli.receiving import Reader
from jetbridge_cli.replay import Selection, replay, to_hold
from jetbridge_cli.stack import DeadLetterQueue, Stack
from jetbridge_cli.verify.bench import Bench, expect, expect_end
from jetbridge_cli.verify.checks.check import Check

_QUEUE = "StartFailures"
_TABLE = "JETBRIDGE_RUNS_TABLE"


def announcement(bench: Bench) -> None:
    run_id = bench.start("announcement", run_task=bench.quickstart.task("echo heard"))
    outcome = bench.outcome(run_id)
    announced = bench.stage.events.announced
    delivered = bench.patience.until(lambda: announced.get(run_id), "its Jetbridge Run Finished")
    bench.note(sealed_to_announced_seconds=round(delivered - outcome.finished_at, 2))


def second_stack(bench: Bench) -> None:
    second = bench.stage.made.second.result()
    request = bench.request("second_stack", run_task=bench.quickstart.task("echo second"))
    run_id = second.start(request).run_id
    bench.note(run_id=run_id, stack=second.name)
    outcome = second.outcome(run_id, bench.patience)
    expect_end(outcome, "succeeded", "completed")
    bench.stage.runs.add(outcome)
    expect("what the second stack knows of", second.outcome_ids(), {run_id})
    expect("what the first stack knows of it", bench.jetbridge.sealed(run_id), None)


def dead_letter(bench: Bench) -> None:
    request = bench.request("dead_letter", run_task=bench.quickstart.task("echo late"))
    run_id = run_id_of(request.key)
    bench.note(run_id=run_id)
    with _broken(bench):
        bench.jetbridge.start_later(request)
        queue = bench.patience.until(lambda: _holding(bench), f"a dead letter in {_QUEUE}")
    selection = Selection(frozenset({run_id}))
    hold = to_hold(queue, selection, dry_run=False)
    reader = Reader(bench.aws.sqs, queue.url, hold)
    replayed = replay(queue, reader, selection, dry_run=False, moved=lambda _: None)
    bench.note(replayed=replayed.moved)
    expect("the number of messages that were sent back", replayed.moved, 1)
    expect_end(bench.outcome(run_id), "succeeded", "completed")


@contextmanager
def _broken(bench: Bench) -> Iterator[None]:
    """While this lasts, start_run has the name of a missing table, and Lambda tries it only
    once."""
    functions = bench.aws.functions
    name = f"{bench.jetbridge.name}-start-run"
    updated = functions.get_waiter("function_updated_v2")
    configuration = functions.get_function_configuration(FunctionName=name)
    variables = configuration.get("Environment", {}).get("Variables", {})
    invocation = functions.get_function_event_invoke_config(FunctionName=name, Qualifier="person")
    functions.put_function_event_invoke_config(
        FunctionName=name,
        Qualifier="person",
        MaximumRetryAttempts=0,
        DestinationConfig=invocation["DestinationConfig"],
    )
    changed = variables | {_TABLE: f"{bench.stage.names.name}-no-such-table"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    try:
        updated.wait(FunctionName=name)
        yield
    finally:
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
        updated.wait(FunctionName=name)


def _holding(bench: Bench) -> DeadLetterQueue | None:
    [queue] = Stack(bench.aws, bench.jetbridge.name).named([_QUEUE])
    return queue if queue.messages else None


CHECKS = [
    Check(
        "announcement",
        "the end of a run is announced on the event bus",
        ("finish_run: sealed once, last lines, result",),
        announcement,
    ),
    Check(
        "second_stack",
        "two stacks in one account and region deploy, and neither sees the other's runs",
        ("`sam build`, `sam validate --lint`, cfn-lint, checkov",),
        second_stack,
        needs="second",
    ),
    Check(
        "dead_letter",
        "a start that failed is a dead letter, and runs when it is replayed",
        ("dead letters, alarms",),
        dead_letter,
        alone=True,
    ),
]
