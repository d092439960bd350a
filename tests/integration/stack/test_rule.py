"""Runs that an EventBridge rule starts through its input transformer."""

import json
import uuid

from deployed import Deployed


def test_each_event_is_one_run(deployed: Deployed) -> None:
    day = f"2026-11-{uuid.uuid4().int % 28 + 1:02}"
    entry = {
        "Source": "jetbridge.example",
        "DetailType": "Report Requested",
        "Detail": json.dumps({"day": day}),
    }
    answer = deployed.client("events").put_events(Entries=[entry])
    event_id = answer["Entries"][0]["EventId"]
    [run_id] = deployed.wait(lambda: deployed.requested_with(event_id), 240, "run of the event")
    outcome = deployed.outcome(run_id)
    assert outcome["state"] == "succeeded"
    assert outcome["caller"] == {
        "kind": "event",
        "event_id": event_id,
        "rule": "jetbridge-example-requested-report",
    }
    assert outcome["result"]["date"] == day
