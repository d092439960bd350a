"""Hostile outcomes beside as many good ones, on PostgreSQL and in two triggerers: what can't be
carried hurts only its own task.

A night has all fifty, a push every sixth. Each is also proven without an Airflow
(tests/unit/jetbridge/test_outcomes_hostile.py, tests/provider/test_hostile_records.py).
"""

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from hostile_outcomes import ANY, FAILS, GOOD, hostile_outcomes, lines_of, seal_printed
from shared_airflow import HOSTILE
from shared_airflow import HOSTILE_TASKS as TASKS
from stand_in import REGION, TABLE
from waiting_airflow import DagRunOf, until

from jetbridge.contract import AirflowCaller, Cause, Fault, Outcome, State, encode
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge_local.airflow import LocalAirflow, aws_connection

ALL = 50
PEER = "triggerer-2"
TRIGGERERS = ("triggerer", PEER)
SLOWER = 3.0
"""Twice as many tasks are resumed at once as in the control group, at the same rate."""
SHARES = {"AIRFLOW__TRIGGERER__CAPACITY": str(3 * TASKS // len(TRIGGERERS))}
"""Airflow gives triggers to triggerers in the order of their tasks' names, so each has of all."""


@pytest.fixture(scope="module")
def world(shared: Any) -> Iterator[Any]:
    airflow, client = shared.airflow, shared.client
    logged = {name: len(log_of(airflow, name)) for name in TRIGGERERS}
    shared.restart_triggerer(SHARES)
    airflow.add_triggerer(PEER, SHARES)
    # Asked for when triggers begin, so that each triggerer has loaded its API before a run ends;
    # the first group would wait for that otherwise (20 s on a busy machine).
    connection = aws_connection(shared.cloud.url, REGION, key_id="test")
    extra = json.dumps(connection["extra"])
    client.add_connection(HOSTILE, **{**connection, "extra": extra})
    run = DagRunOf(client, "hostile")
    until(lambda: len(trigger_logs(airflow, "*")) == 3 * TASKS, 240)
    world = SimpleNamespace(
        airflow=airflow,
        client=client,
        run=run,
        dynamodb=shared.cloud.client("dynamodb"),
        logged=logged,
    )
    until(lambda: at_rest(world), 240)
    yield world
    airflow.stop_component(PEER)


@pytest.fixture(scope="module")
def before(world: Any) -> Any:
    """The triggerers' processes before anything hostile."""
    return processes(world)


@pytest.fixture(scope="module")
def control(world: Any, before: Any) -> Any:
    """Seconds from the end of each run to its task's resumption, without hostile ones."""
    return good_ones(world, "control")


@pytest.fixture(scope="module")
def values(world: Any, control: Any) -> Any:
    """End the hostile runs: the value that each task is to have."""
    outcomes = DynamoOutcomes(world.dynamodb, TABLE)
    expected = []
    for number in range(TASKS):
        outcome = outcome_of(world, f"job-{number}-hostile", None)
        hostile = hostile_outcomes(outcome, ALL)[number * ALL // TASKS]
        if hostile.record is None:
            assert isinstance(outcome.caller, AirflowCaller)
            seal_printed(outcomes, outcome.caller, outcome.run_id, lines_of(hostile.printed))
        else:
            put(world, outcome.run_id, hostile.record)
        expected.append(hostile.value)
    return expected


@pytest.fixture(scope="module")
def healthy(world: Any, values: Any) -> Any:
    """As the control group, beside the hostile ones, whose outcomes are found first."""
    return good_ones(world, "healthy")


def log_of(airflow: LocalAirflow, name: str) -> str:
    """All that a component has logged, also before it was started again."""
    log = airflow.components.log(name)
    return log.read_text() if log.exists() else ""


def trigger_logs(airflow: LocalAirflow, kind: str) -> list[Path]:
    """One for each trigger that has begun."""
    return list(airflow.home.glob(f"logs/**/task_id=job-*-{kind}/*.trigger.*.log"))


def processes(world: Any) -> dict[str, list[int]]:
    """The process ids of each triggerer: its supervisor, and the process of its triggers."""
    found = {}
    for name in TRIGGERERS:
        supervisor = psutil.Process(world.airflow.components.pids()[name])
        found[name] = [supervisor.pid, *(child.pid for child in supervisor.children())]
    return found


def at_rest(world: Any) -> bool:
    """Whether the triggerers have done with starting triggers, for which each decodes its DAG."""
    before = cpu_seconds(world)
    time.sleep(2)
    return cpu_seconds(world) - before < 0.5


def cpu_seconds(world: Any) -> float:
    pids = [pid for some in processes(world).values() for pid in some]
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def outcome_of(world: Any, task_id: str, result: object) -> Outcome:
    dag_id, dag_run_id = world.run.key
    return Outcome(
        run_id=f"run-of-{task_id}",
        state=State.SUCCEEDED,
        cause=Cause.COMPLETED,
        fault=Fault.NOBODY,
        reason="Essential container in task exited",
        advice="",
        caller=AirflowCaller(
            dag_id=dag_id, run_id=dag_run_id, task_id=task_id, try_number=1, ti_id="given"
        ),
        backend="ecs",
        region=REGION,
        finished_at=time.time(),
        backend_id=f"id-of-{task_id}",
        exit_codes={"main": 0},
        result=result,
    )


def put(world: Any, run_id: str, record: str) -> None:
    world.dynamodb.put_item(
        TableName=TABLE,
        Item={
            "run_id": {"S": run_id},
            "outcome": {"S": record},
            "feed": {"S": "1"},
            "finished_at": {"N": str(time.time())},
        },
    )


def good_ones(world: Any, kind: str) -> list[float]:
    sealed_at = {}
    for number in range(TASKS):
        outcome = outcome_of(world, f"job-{number}-{kind}", GOOD[number % len(GOOD)])
        put(world, outcome.run_id, encode(outcome))
        sealed_at[f"job-{number}-{kind}"] = time.time()
    until(lambda: len(ended(world, kind)) == TASKS, 240)
    return [
        task.scheduled_when.timestamp() - sealed_at[task.task_id] for task in ended(world, kind)
    ]


def ended(world: Any, kind: str) -> list[Any]:
    over = ("success", "failed", "skipped")
    tasks = world.run.tasks()
    return [task for task in tasks if task.task_id.endswith(kind) and task.state in over]


def test_the_good_ones_end_in_their_usual_time(
    world: Any, control: Any, healthy: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(
            f"\n{TASKS} tasks are resumed {statistics.median(control):.1f} s after their run's "
            f"end, beside {TASKS} hostile ones {statistics.median(healthy):.1f} s"
        )
    for measure in (statistics.median, max):
        assert measure(healthy) < SLOWER * max(measure(control), 5.0)
    for kind in ("control", "healthy"):
        assert {task.state for task in ended(world, kind)} == {"success"}


def test_each_hostile_one_ends_with_a_value_or_an_error_of_its_own(world: Any, values: Any) -> None:
    until(lambda: len(ended(world, "hostile")) == TASKS, 240)
    wrong = {}
    for task in ended(world, "hostile"):
        expected = values[int(task.task_id.split("-")[1])]
        found = FAILS
        if task.state == "success":
            found = world.client.xcom(*world.run.key, task.task_id)
        as_expected = found is not FAILS if expected is ANY else found == expected
        if not as_expected or task.try_number != 1:
            wrong[task.task_id] = (task.state, task.try_number, str(found)[:200])
    assert wrong == {}


def test_the_error_says_what_to_do(world: Any, values: Any) -> None:
    until(lambda: len(ended(world, "hostile")) == TASKS, 240)
    task_id = f"job-{values.index(FAILS)}-hostile"
    log = [line.event for line in world.client.log(*world.run.key, task_id, 1)]
    assert any("can't be read" in line for line in log), log


def test_good_values_are_carried_as_they_are(world: Any, healthy: Any) -> None:
    for number, good in enumerate(GOOD):
        found = world.client.xcom(*world.run.key, f"job-{number}-healthy")
        assert (type(found), found) == (type(good), good), number


def test_no_triggerer_died(world: Any, before: Any, healthy: Any) -> None:
    until(lambda: len(ended(world, "hostile")) == TASKS, 240)
    assert processes(world) == before
    logs = trigger_logs(world.airflow, "hostile")
    assert len({log.name.rpartition(".trigger.")[2] for log in logs}) == len(TRIGGERERS)
    for name in TRIGGERERS:
        logged = log_of(world.airflow, name)[world.logged[name] :]
        assert "Trigger runner failed" not in logged
