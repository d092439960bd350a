"""One trace, from a request to the container's environment, the functions' lines and the spans."""

import json
import secrets
from typing import Any

import pytest
from deployed import Deployed, FunctionFailed, batch_job, ecs_task
from otlp import Collector

PRINTS = "import os; print(os.environ['TRACEPARENT'])"
PARENT = "00f067aa0ba902b7"
STEPS = ["queue wait", "launch", "provision", "pull", "run", "seal"]


def ran(deployed: Deployed, **request: Any) -> tuple[str, str, dict[str, Any]]:
    """The trace's id, the run's and the outcome of a run that is asked for with a traceparent."""
    trace_id = secrets.token_hex(16)
    traceparent = f"00-{trace_id}-{PARENT}-01"
    run_id = deployed.start(traceparent=traceparent, **request)
    outcome = deployed.outcome(run_id, 240)
    assert outcome["last_lines"] == [traceparent]
    return trace_id, run_id, outcome


def test_a_task_and_its_spans_are_of_one_trace(deployed: Deployed, collector: Collector) -> None:
    family = deployed.task_definition("jetbridge-example-traced", "test/printer:1")
    task = ecs_task(family)
    task["overrides"] = {
        "containerOverrides": [{"name": "main", "command": ["python3", "-c", PRINTS]}]
    }
    trace_id, run_id, outcome = ran(deployed, run_task=task)
    found = deployed.wait(lambda: collector.of_trace(trace_id), 240, "spans")
    root, *steps = found
    assert (root["name"], root["parentSpanId"]) == ("jetbridge run", PARENT)
    assert {"key": "jetbridge.run_id", "value": {"stringValue": run_id}} in root["attributes"]
    assert [step["name"] for step in steps] == STEPS
    assert {step["parentSpanId"] for step in steps} == {root["spanId"]}
    for step in steps:
        assert int(step["startTimeUnixNano"]) <= int(step["endTimeUnixNano"])
    times = [int(step["startTimeUnixNano"]) for step in steps]
    assert times == sorted(times)
    assert int(root["endTimeUnixNano"]) == round(outcome["finished_at"] * 1_000_000_000)
    assert outcome["state"] == "succeeded"
    _lines_have(deployed, trace_id, run_id)


def _lines_have(deployed: Deployed, trace_id: str, run_id: str) -> None:
    """The lines of each function that had to do with the run name its trace."""
    for function in ("start-run", "finish-run"):
        pages = deployed.client("logs").get_paginator("filter_log_events")
        lines = [
            json.loads(event["message"])
            for page in pages.paginate(
                logGroupName=f"/aws/lambda/jetbridge-{function}", filterPattern=trace_id
            )
            for event in page["events"]
        ]
        assert {line["run_id"] for line in lines} == {run_id}, function


def test_a_job_is_of_its_trace(deployed: Deployed, collector: Collector) -> None:
    job = batch_job("jetbridge-example-report")
    job["containerOverrides"] = {"command": ["python3", "-c", PRINTS]}
    trace_id, _, _ = ran(deployed, submit_job=job)
    found = deployed.wait(lambda: collector.of_trace(trace_id), 240, "spans")
    assert [span["name"] for span in found[1:]] == [each for each in STEPS if each != "pull"]


def test_an_invalid_traceparent_is_refused_by_name(deployed: Deployed) -> None:
    with pytest.raises(FunctionFailed, match="traceparent") as refused:
        deployed.start(run_task=ecs_task("jetbridge-example-report"), traceparent="00-0-0-00")
    assert refused.value.kind == "ContractError"
