"""Runs started, followed, explained and stopped with the command, as an operator."""

import json
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deployed import EXAMPLE, NETWORK, Deployed, batch_job, ecs_task
from operating import Operator

# This many runs with data are needed for a suggestion (docs/how-to/sizes.md).
LEAST_RUNS = 10
REPORT = [
    "--cluster=jetbridge-example",
    "--task-definition=jetbridge-example-report",
    "--launch-type=FARGATE",
    "--subnet=subnet-0example",
    "--container=report",
    "--env=dag_run_ts=2026-11-23T00:00:00+00:00",
    "--env=dag_run_date=2026-11-23",
    "--env=seconds_per_line=0.01",
]


@pytest.fixture(scope="module")
def operator(deployed: Deployed) -> Operator:
    return Operator(deployed)


@pytest.fixture(scope="module")
def sleeper(deployed: Deployed) -> str:
    return deployed.task_definition("jetbridge-example-operated", "test/sleeper:1")


def ended(operator: Operator, *arguments: str) -> tuple[int, str, str]:
    process = operator.command(*arguments)
    output, errors = process.communicate(timeout=300)
    return process.returncode, output, errors


def test_a_run_from_its_start_to_its_story(operator: Operator) -> None:
    code, output, errors = ended(operator, "run", *REPORT, "--key=told")
    assert code == 0, output + errors
    lines = [line.partition("  ")[2] for line in output.splitlines()]
    assert len(lines) == 7
    assert "succeeded (completed); exit code: report 0" in errors
    [listed] = [
        each
        for each in operator.json("runs", "--state=succeeded", "--definition", REPORT[1][18:])[
            "runs"
        ]
        if each["run_id"] in errors
    ]
    run_id = listed["run_id"]
    shown = operator.json("show", run_id)
    what = [each["what"] for each in shown["story"]]
    assert what[0] == "accepted: the row is written"
    assert what[-1] == "the outcome is sealed"
    assert {"the containers run", "AWS says: stopped"} <= set(what)
    times = [each["at"] for each in shown["story"]]
    assert times == sorted(times)
    request = json.dumps(shown["request"])
    assert "(redacted)" in request
    assert "2026-11-23T00" not in request, "an environment is shown"
    usage = shown["outcome"]["usage"]
    assert (usage["launch_type"], usage["vcpu"], usage["memory_mib"]) == ("FARGATE", 0.25, 512)
    assert usage["seconds"] == 60
    assert run_id in operator.call("report", "-", "--since=1h")
    replay = operator.json("show", "--replay", run_id)
    assert [each for each in replay["decisions"] if each["differs"]] == []
    assert replay["unplayed"] == []
    logged = operator.call("logs", run_id).splitlines()
    assert [line.partition("  ")[2] for line in logged] == lines
    assert len(operator.call("logs", run_id, "--grep", "no such words in it").splitlines()) == 0
    assert ended(operator, "watch", run_id)[0] == 0
    again = operator.json("retry", run_id)["run_id"]
    assert again != run_id
    assert ended(operator, "watch", again)[0] == 0


def test_sizes_by_container_insights(
    operator: Operator, deployed: Deployed, tmp_path: Path
) -> None:
    """The containers are real processes on ECS and on Batch. They run until all are measured."""
    over = tmp_path / "over"
    large = deployed.task_definition("jetbridge-example-large", "test/printer:1")
    settings = [{"name": "containerInsights", "value": "enabled"}]
    deployed.client("ecs").update_cluster(cluster=EXAMPLE, settings=settings)
    deployed.client("batch").update_compute_environment(
        computeEnvironment=EXAMPLE, ecsSettings={"containerInsights": "ENABLED"}
    )
    environment = [
        {"name": "seconds", "value": "100"},
        {"name": "until", "value": str(over)},
    ]
    task = ecs_task(large) | {
        "overrides": {
            "cpu": "1024",
            "memory": "4096",
            "containerOverrides": [{"name": "main", "environment": environment}],
        }
    }
    run_ids = [deployed.start(run_task=task) for _ in range(LEAST_RUNS)]
    slow = {"dag_run_ts": "2026-11-23", "dag_run_date": "2026-11-23", "seconds_per_line": "0.3"}
    job = deployed.start(submit_job=batch_job("jetbridge-example-report", **slow))

    def launched(run_id: str) -> str | None:
        assert deployed.sealed(run_id) is None
        return (deployed.launched(run_id) or {}).get("backend_id")

    ids = {
        deployed.wait(lambda: launched(run_id), 120, f"{run_id} launched").rpartition("/")[2]  # noqa: B023
        for run_id in run_ids
    }

    def measured() -> bool:
        pages = deployed.client("logs").get_paginator("filter_log_events")
        group = f"/aws/ecs/containerinsights/{EXAMPLE}/performance"
        found = {
            json.loads(event["message"])["TaskId"]
            for page in pages.paginate(logGroupName=group)
            for event in page["events"]
        }
        return ids <= found

    deployed.wait(measured, 120, "an event of each task")
    over.touch()
    for run_id in run_ids:
        deployed.outcome(run_id, 240)
    shown = operator.json("show", run_ids[0])["sizing"]
    assert shown["notes"] == []
    [advice] = shown["advice"]
    assert advice["runs"] == LEAST_RUNS
    assert 0 < advice["peak"]["memory_mib"] < 512 / 1.25
    assert advice["better"] is not None, advice
    assert advice["better"]["memory_mib"] < 4096
    assert "would do" in " ".join(operator.call("show", run_ids[0]).split())
    assert "would do" in operator.call("report", "-", "--since=1h")
    deployed.outcome(job, 240)
    sizing = operator.json("show", job)["sizing"]
    assert sizing["notes"] == []
    assert sizing["advice"][0]["runs"] == 1
    assert sizing["advice"][0]["peak"]["memory_mib"] > 0
    _the_next_run_gets_the_advice(deployed, deployed.outcome(run_ids[0], 60), task)


def _the_next_run_gets_the_advice(
    deployed: Deployed, outcome: dict[str, Any], task: dict[str, Any]
) -> None:
    """sweep_runs surveys the day, and the next run's outcome has the advice. finish_run remembers
    for an hour what it read, so it gets new processes first, as from any change of it."""
    day = datetime.fromtimestamp(outcome["finished_at"], UTC).date().isoformat()
    did = deployed.invoke("sweep-runs", {"sizes": day})
    assert (did["groups"], did["left"]) >= (2, 0), did
    assert did["advised"] >= 1
    functions, name = deployed.client("lambda"), "jetbridge-finish-run"
    environment = functions.get_function_configuration(FunctionName=name)["Environment"]
    changed = {"Variables": environment["Variables"] | {"PROCESSES": "new"}}
    assert "size_advice" not in outcome
    functions.update_function_configuration(FunctionName=name, Environment=changed)
    try:
        told = deployed.outcome(deployed.start(run_task=task), 60)
    finally:
        functions.update_function_configuration(FunctionName=name, Environment=environment)
    assert "would do" in told["size_advice"]


def test_the_same_key_is_the_same_run(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(batch_job("jetbridge-example-broken")))
    first = ended(operator, "run", str(file), "--key=once")
    assert first[0] not in (0, 125, 126), first
    again = ended(operator, "run", str(file), "--key=once", "--output=json")
    assert again[0] == first[0]
    outcome = json.loads(again[1])
    assert list(outcome["exit_codes"].values()) == [first[0]]
    assert ended(operator, "watch", outcome["run_id"])[0] == 4


def test_what_the_stack_refuses_is_said(operator: Operator) -> None:
    code, _, errors = ended(operator, "run", "--task-definition=x", "--cluster=nobodys")
    assert code == 125
    assert "run_task" in errors


def test_many_are_stopped_after_a_count(
    operator: Operator, deployed: Deployed, sleeper: str
) -> None:
    run_ids = {deployed.start(run_task=ecs_task(sleeper)) for _ in range(3)}
    for run_id in run_ids:
        deployed.wait_running(run_id)
    chosen = ["stop", "--definition", sleeper]
    code, output, errors = ended(operator, *chosen)
    assert (
        code,
        "Stop 3 runs? Standard input isn't a terminal, so nobody can answer: say --yes" in errors,
    ) == (1, True)
    assert all(run_id in output for run_id in run_ids)
    assert set(operator.json(*chosen, "--yes")["stopping"]) == run_ids
    for run_id in run_ids:
        outcome = deployed.outcome(run_id, 240)
        assert outcome["state"] == "stopped"
        assert outcome["stopped_by"]
    assert ended(operator, "stop", "a" * 20)[0] == 3


def test_ctrl_c_without_a_terminal_leaves_the_run(
    operator: Operator, deployed: Deployed, sleeper: str, tmp_path: Path
) -> None:
    file = tmp_path / "request.json"
    parameters: dict[str, Any] = {"cluster": "jetbridge-example", "taskDefinition": sleeper}
    parameters |= {"launchType": "FARGATE", "networkConfiguration": NETWORK}
    file.write_text(json.dumps({"run_task": parameters}))
    process = operator.command("run", str(file))
    deadline = time.monotonic() + 60
    found: list[str] = []
    while not found and time.monotonic() < deadline:
        runs = operator.json("runs", "--state=running", "--definition", sleeper)["runs"]
        found = [each["run_id"] for each in runs]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    assert f"It keeps running: jetbridge watch {found[0]}" in errors
    assert deployed.sealed(found[0]) is None
    assert operator.json("stop", found[0])["stopping"] == found
    assert ended(operator, "watch", found[0])[0] == 5
