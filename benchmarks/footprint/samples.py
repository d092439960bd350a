"""The sample events of ``events/``, made to fit a deployed stack and one run."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

Event = dict[str, Any]


def sample(events: Path, name: str) -> Event:
    """A sample event by its path below ``events/``, without ``.json``."""
    event: Event = json.loads((events / f"{name}.json").read_text(encoding="utf-8"))
    return event


def sqs_event(envelope: Event, body: Event) -> Event:
    """An SQS batch of one message: the first of ``envelope`` with another body and id."""
    record = deepcopy(envelope["Records"][0]) | {
        "messageId": str(uuid4()),
        "body": json.dumps(body),
    }
    return {"Records": [record]}


def start_request(event: Event, *, airflow_run: str, place: Event, bucket: str) -> Event:
    """A sample start request for what the example's stack can run.

    ``airflow_run`` becomes the caller's DAG run, also in the key of the log; ``place`` replaces
    parameters of RunTask, whose container overrides go to its container ``report``.
    """
    request = json.loads(json.dumps(event).replace(event["caller"]["run_id"], airflow_run))
    request["run_task"] |= place
    (container,) = request["run_task"]["overrides"]["containerOverrides"]
    container["name"] = "report"
    container["environment"].append({"name": "seconds_per_line", "value": "0"})
    request["log_target"]["bucket"] = bucket
    return dict(request)


def renamed(item: Event, names: dict[str, str]) -> Event:
    """A copy of JSON data in which each name is replaced by another, wherever it occurs."""
    text = json.dumps(item)
    for old, new in names.items():
        text = text.replace(old, new)
    return dict(json.loads(text))
