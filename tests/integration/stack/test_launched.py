"""Until a run ends, the outcomes table says what it was launched as."""

import json
from typing import Any

import pytest
from deployed import REPORT, Deployed, batch_job, ecs_task

SLOW = REPORT | {"seconds_per_line": "1"}
WHOLE = {
    "ecs": {"run_task": ecs_task("jetbridge-example-report", **SLOW)},
    "batch": {"submit_job": batch_job("jetbridge-example-report", **SLOW)},
}
SAME = ("run_id", "backend", "region", "backend_id", "definition", "cluster", "job_queue")


def _started(deployed: Deployed, run_id: str) -> dict[str, Any] | None:
    told = deployed.launched(run_id)
    return told if told and "started_at" in told else None


def _check_same(told: dict[str, Any], outcome: dict[str, Any]) -> None:
    assert {name: told.get(name) for name in SAME} == {name: outcome.get(name) for name in SAME}
    assert told["started_at"] == outcome["started_at"]
    assert told["log_streams"] == outcome["log_streams"]


@pytest.mark.parametrize("backend", WHOLE)
def test_launched_then_started_then_its_outcome(deployed: Deployed, backend: str) -> None:
    run_id = deployed.start(**WHOLE[backend])
    launched = deployed.wait(lambda: deployed.launched(run_id), 240, "what was launched")
    started = deployed.wait(lambda: _started(deployed, run_id), 240, "that it runs")
    assert deployed.sealed(run_id) is None
    assert started["backend_id"] == launched["backend_id"]
    assert started["launched_at"] == launched["launched_at"]
    outcome = deployed.outcome(run_id)
    assert outcome["state"] == "succeeded"
    _check_same(started, outcome)
    assert deployed.launched(run_id) is None


@pytest.mark.parametrize("backend", WHOLE)
def test_the_sweeper_records_what_no_event_reports(
    deployed: Deployed, without_events: None, backend: str
) -> None:
    run_id = deployed.start(**WHOLE[backend])
    launched = deployed.wait(lambda: deployed.launched(run_id), 240, "what was launched")
    assert not {"started_at", "log_streams"} & launched.keys()

    def swept() -> dict[str, Any] | None:
        deployed.make_due(run_id)
        deployed.invoke("sweep-runs", {})
        return _started(deployed, run_id)

    started = deployed.wait(swept, 240, "that it runs")
    assert started["backend_id"] == launched["backend_id"]

    def ended() -> dict[str, Any] | None:
        deployed.make_due(run_id)
        deployed.invoke("sweep-runs", {})
        return deployed.sealed(run_id)

    _check_same(started, deployed.wait(ended, 240, "outcome"))
    assert deployed.launched(run_id) is None


def test_a_late_message_brings_nothing_back(deployed: Deployed) -> None:
    """launch_run's message once more, when the outcome is sealed."""
    run_id = deployed.start(submit_job=batch_job("jetbridge-example-report", **REPORT))
    outcome = deployed.outcome(run_id)
    queues = deployed.client("sqs").list_queues()["QueueUrls"]
    [url] = [url for url in queues if "LaunchQueue" in url]
    body = json.dumps({"run_id": run_id, "launch": 1})
    deployed.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageGroupId="tests")

    def handled() -> bool:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counted = deployed.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return not any(map(int, counted["Attributes"].values()))

    deployed.wait(handled, 240, "message handled")
    assert deployed.sealed(run_id) == outcome
    assert deployed.launched(run_id) is None
