"""Dead letters come back: each function broken by its configuration, fixed, and replayed."""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from deployed import REPORT, Deployed, batch_job, ecs_task
from operating import Announcements, Copies, Operator

TRACKED = ("track_run", "StateChangeQueue", "StateChangeDeadLetters")
FINISHED = ("finish_run", "FinishQueue", "FinishDeadLetters")
POISON = ["no JSON", json.dumps({"no": "event"}), json.dumps(["neither"])]
REPORT_TASK = ecs_task("jetbridge-example-report", **REPORT)


@pytest.fixture(scope="module")
def operator(deployed: Deployed) -> Operator:
    return Operator(deployed)


@pytest.fixture(scope="module", autouse=True)
def nobody_else(deployed: Deployed) -> Iterator[None]:
    """The example's schedule starts a run each minute: not while these tests count messages."""
    scheduler = deployed.client("scheduler")
    answer = scheduler.get_schedule(Name="jetbridge-example-report")
    names = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    schedule = {name: answer[name] for name in names}
    scheduler.update_schedule(**schedule, State="DISABLED")
    for run_id in deployed.requested_with('"schedule_arn"'):
        deployed.outcome(run_id, 240)
    yield
    scheduler.update_schedule(**schedule, State="ENABLED")


@pytest.fixture(scope="module")
def sleeper(deployed: Deployed) -> str:
    return deployed.task_definition("jetbridge-example-asleep", "test/sleeper:1")


@pytest.fixture(scope="module")
def model(deployed: Deployed, sleeper: str) -> Iterator[str]:
    """A run that ECS runs while the tests last."""
    run_id = deployed.start(run_task=ecs_task(sleeper))
    deployed.wait_running(run_id)
    yield run_id
    deployed.invoke("stop-run", {"run_ids": [run_id], "reason": "the tests are over"})


@pytest.fixture
def announcements(deployed: Deployed) -> Iterator[Announcements]:
    heard = Announcements(deployed, f"finished-{uuid.uuid4().hex[:8]}")
    yield heard
    heard.close()


@pytest.fixture
def copies_of(deployed: Deployed) -> Iterator[Callable[[str, int], Copies]]:
    """Makes copies of a run, whose rows are deleted at the end."""
    made: list[Copies] = []

    def make(run_id: str, number: int) -> Copies:
        made.append(Copies(deployed, run_id, number))
        return made[-1]

    yield make
    for runs in made:
        runs.delete()


def ended_row() -> dict[str, Any]:
    """What the row of a run has that has ended, and isn't finished."""
    containers = [{"name": "main", "exit_code": 0}]
    ending = {"code": "EssentialContainerExited", "containers": containers}
    return {
        "status": {"S": "ended"},
        "ending": {"S": json.dumps(ending)},
    }


@pytest.mark.parametrize(
    ("function", "queue", "dead_letters", "number"),
    [
        # Enough messages to kill a replay in the middle.
        (*TRACKED, 120),
        # The same way back from another queue.
        pytest.param(*FINISHED, 50, marks=pytest.mark.nightly),
        pytest.param(*TRACKED, 500, marks=pytest.mark.nightly),
        pytest.param(*FINISHED, 500, marks=pytest.mark.nightly),
    ],
)
def test_dead_letters_with_poison_among_them_become_outcomes(
    deployed: Deployed,
    operator: Operator,
    announcements: Announcements,
    copies_of: Callable[[str, int], Copies],
    model: str,
    function: str,
    queue: str,
    dead_letters: str,
    number: int,
) -> None:
    runs = copies_of(model, number)
    runs.write(**(ended_row() if function == "finish_run" else {}))
    tracked = function == "track_run"
    bodies = (
        runs.events() if tracked else [json.dumps({"run_id": run_id}) for run_id in runs.run_ids]
    )
    half, part = number // 2, number // 10
    # Longer than a batch takes on a cold function: what is delivered twice is given up twice.
    with operator.broken(function), operator.giving_up(queue, attempts=1, after_seconds=15):
        operator.send(queue, bodies[:half])
        poison = operator.send(queue, POISON)
        operator.send(queue, bodies[half:])
        operator.wait_depth(dead_letters, number + len(POISON))
    assert runs.outcomes() == {}

    [listed] = [
        each for each in operator.json("dead-letters", "list") if each["queue"] == dead_letters
    ]
    assert listed["destination"] == queue
    assert listed["messages"] == number + len(POISON)
    assert listed["oldest_seconds"] > 0

    planned = operator.json("replay", dead_letters, "--dry-run")
    assert planned["moved"] == number + len(POISON)
    assert operator.depth(dead_letters) == number + len(POISON)

    shown = operator.json("dead-letters", "show", poison[0])
    assert shown["body"] == POISON[0]
    assert shown["log_group"] == f"/aws/lambda/jetbridge-{function.replace('_', '-')}"
    for message_id in poison[:2]:
        said = operator.call("dead-letters", "drop", message_id, "--yes")
        assert "Lost: " in said
    assert operator.depth(dead_letters) == number + 1

    with operator.giving_up(queue, attempts=2, after_seconds=8):
        assert operator.json("replay", dead_letters, "--limit", str(part))["moved"] == part
        # The poison that is left comes back at once, if it is among them.
        assert operator.depth(dead_letters) - (number + 1 - part) in (0, 1)
        if tracked:
            kill_in_the_middle(operator, dead_letters, number - 3 * part)

        def all_sealed() -> bool:
            operator.json("replay", dead_letters)
            return len(runs.outcomes()) == number

        deployed.wait(all_sealed, 240, f"{number} outcomes")
        drop_the_last_poison(operator, dead_letters)
    outcomes = runs.outcomes()
    assert {outcome["state"] for outcome in outcomes.values()} == {"succeeded"}
    expect_each_announced_as_sealed(deployed, announcements, outcomes)


def kill_in_the_middle(operator: Operator, dead_letters: str, left: int) -> None:
    """Kill a replay when only this many messages are left: it has deleted some and not all."""
    process = operator.command("replay", dead_letters)
    try:
        operator.deployed.wait(lambda: operator.depth(dead_letters) <= left, 240, "half a replay")
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -9
    assert operator.depth(dead_letters) > 0


def drop_the_last_poison(operator: Operator, dead_letters: str) -> None:
    """It was replayed with the rest, and has died once more under another id.

    What a killed replay had sent and not deleted comes back first, and is sent once more.
    """

    def alone() -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = operator.json("dead-letters", "show", "--queue", dead_letters)
        bodies = [each["body"] for each in shown]
        if bodies == [json.loads(POISON[2])] and operator.depth(dead_letters) == 1:
            return shown
        if len(bodies) > 1 or json.loads(POISON[2]) not in bodies:
            operator.json("replay", dead_letters)
        return []

    [found] = operator.deployed.wait(alone, 180, "poison alone")
    operator.call("dead-letters", "drop", found["message_id"], "--queue", dead_letters, "--yes")
    assert operator.depth(dead_letters) == 0


def expect_each_announced_as_sealed(
    deployed: Deployed, announcements: Announcements, outcomes: dict[str, dict[str, Any]]
) -> None:
    """A message that came twice announces the same outcome twice: it took effect once."""
    heard: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def all_heard() -> bool:
        for outcome in announcements.received():
            heard[outcome["run_id"]].append(outcome)
        return outcomes.keys() <= heard.keys()

    deployed.wait(all_heard, 240, "announcements")
    for run_id, outcome in outcomes.items():
        assert {each["finished_at"] for each in heard[run_id]} == {outcome["finished_at"]}


def test_launches_that_died_are_launched_once(deployed: Deployed, operator: Operator) -> None:
    with (
        operator.broken("launch_run"),
        operator.giving_up("LaunchQueue", attempts=1, after_seconds=2),
    ):
        run_ids = [deployed.start(run_task=REPORT_TASK) for _ in range(5)]
        operator.wait_depth("LaunchDeadLetters", len(run_ids))
    answer = operator.json("replay", "LaunchDeadLetters", "--run-id", run_ids[0])
    assert answer["queues"][0]["run_ids"] == run_ids[:1]
    assert deployed.outcome(run_ids[0])["state"] == "succeeded"
    assert "backend_id" not in deployed.row(run_ids[1])
    answer = operator.json("replay", "LaunchDeadLetters")
    assert set(answer["queues"][0]["run_ids"]) == set(run_ids[1:])
    for run_id in run_ids:
        outcome = deployed.outcome(run_id)
        assert outcome["state"] == "succeeded"
        assert outcome.get("launches", 1) == 1
        assert started_tasks(deployed, run_id) == [outcome["backend_id"]]


def started_tasks(deployed: Deployed, run_id: str) -> list[str]:
    ecs = deployed.client("ecs")
    name = deployed.launch_name(run_id)
    return [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(
            cluster="jetbridge-example", startedBy=name, desiredStatus=status
        )["taskArns"]
    ]


def test_starts_that_failed_are_started_again(deployed: Deployed, operator: Operator) -> None:
    keys = [str(uuid.uuid4()) for _ in range(5)]
    with operator.broken("start_run"):
        for key in keys:
            request = {
                "caller": {"kind": "person", "name": "tester"},
                "idempotency_key": key,
                "run_task": ecs_task("jetbridge-example-report", **REPORT, SECRET="hush"),
            }
            deployed.client("lambda").invoke(
                FunctionName="jetbridge-start-run",
                InvocationType="Event",
                Payload=json.dumps(request),
            )
        operator.wait_depth("StartFailures", len(keys))
    shown = operator.call("dead-letters", "show", "--queue", "StartFailures", "--output", "json")
    assert "hush" not in shown
    # The function's role names its own table: of any other it isn't told whether it is there.
    assert all("AccessDeniedException" in each["failure"] for each in json.loads(shown)), shown
    answer = operator.json("replay", "StartFailures")
    run_ids = answer["queues"][0]["run_ids"]
    assert len(run_ids) == len(keys)
    for run_id in run_ids:
        assert deployed.outcome(run_id)["state"] == "succeeded"
    assert operator.depth("StartFailures") == 0


def test_stops_that_died_still_stop(deployed: Deployed, operator: Operator, sleeper: str) -> None:
    run_ids = [deployed.start(run_task=ecs_task(sleeper)) for _ in range(3)]
    for run_id in run_ids:
        deployed.wait_running(run_id)
    with operator.broken("stop_run"), operator.giving_up("StopQueue", attempts=1, after_seconds=2):
        stops = [{"run_ids": [run_id], "reason": "not wanted"} for run_id in run_ids]
        operator.send("StopQueue", [json.dumps(stop) for stop in stops])
        operator.wait_depth("StopDeadLetters", len(run_ids))
    assert operator.json("replay", "StopDeadLetters")["moved"] == len(run_ids)
    for run_id in run_ids:
        assert deployed.outcome(run_id)["state"] == "stopped"


def test_copies_that_died_are_copied(deployed: Deployed, operator: Operator) -> None:
    prefix = f"airflow/dag_id=d/run_id={uuid.uuid4()}/task_id=t/attempt=1.log"
    target = {"kind": "s3", "bucket": "jetbridge-example-logs", "key_prefix": prefix}
    with operator.broken("copy_logs"), operator.giving_up("LogsQueue", attempts=1, after_seconds=2):
        deployed.outcome(deployed.start(run_task=REPORT_TASK, log_target=target))
        operator.wait_depth("LogsDeadLetters", 1)

    def copied() -> list[Any]:
        answer = deployed.client("s3").list_objects_v2(Bucket=target["bucket"], Prefix=prefix)
        found: list[Any] = answer.get("Contents", [])
        return found

    assert copied() == []
    assert operator.json("replay", "LogsDeadLetters")["moved"] == 1
    deployed.wait(copied, 240, "log object")


@pytest.mark.parametrize(
    "job",
    [{"run_task": REPORT_TASK}, {"submit_job": batch_job("jetbridge-example-report", **REPORT)}],
    ids=["ecs", "batch"],
)
def test_events_that_no_rule_could_deliver(
    deployed: Deployed, operator: Operator, job: dict[str, Any]
) -> None:
    with operator.closed("StateChangeQueue"):
        run_id = deployed.start(**job)
        deployed.wait(lambda: ended(operator, run_id), 240, "undelivered end")
    [first, *_] = operator.json("dead-letters", "show", "--queue", "UndeliveredStateChanges")
    assert first["failure"].startswith("NO_PERMISSIONS: ")
    assert deployed.sealed(run_id) is None
    assert operator.json("replay", "UndeliveredStateChanges")["queues"][0]["run_ids"] == [run_id]
    assert deployed.outcome(run_id)["state"] == "succeeded"


def ended(operator: Operator, run_id: str) -> bool:
    shown = operator.json("dead-letters", "show", "--queue", "UndeliveredStateChanges")
    statuses = {
        each["body"]["detail"].get("lastStatus") or each["body"]["detail"]["status"]
        for each in shown
        if run_id in each["run_ids"]
    }
    return bool(statuses & {"STOPPED", "SUCCEEDED"})


def test_each_dead_letter_queue_has_an_alarm(deployed: Deployed, operator: Operator) -> None:
    alarms = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = {
        dimension["Value"]
        for alarm in alarms
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        for dimension in alarm["Dimensions"]
    }
    queues = operator.json("dead-letters", "list")
    assert queues
    for queue in queues:
        assert queue["url"].rsplit("/", 1)[-1] in watched, queue["queue"]
