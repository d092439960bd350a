"""State-change events like the recorded ones, and a listener for the announcements that follow."""

import copy
import itertools
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.rows import Made, Rows
from jetbridge_local.site.stack import Stack

_SENT_AT_ONCE = 10
_RECEIVED_AT_ONCE = 10
_ENDED_BEFORE = timedelta(minutes=1)
_TIMES = ("createdAt", "startedAt", "stoppedAt", "pullStartedAt", "updatedAt")
_QUEUE = "benchmark-finished"


class Events:
    """Makes the event that ends a run from a sample of events/."""

    def __init__(self, root: Path, sample: str, rows: Rows, account: str, region: str) -> None:
        text = (root / "events" / "state_changes" / f"{sample}.json").read_text()
        self._sample: dict[str, Any] = json.loads(text)
        self._rows = rows
        self._account, self._region = account, region

    def end_of(self, made: Made) -> str:
        """The event's JSON text."""
        event = copy.deepcopy(self._sample)
        ended = datetime.now(UTC) - _ENDED_BEFORE
        cluster = made.task.rsplit("/", 1)[0].replace(":task/", ":cluster/")
        detail = event["detail"]
        detail |= {
            "taskArn": made.task,
            "clusterArn": cluster,
            "taskDefinitionArn": self._rows.definition,
            "startedBy": f"jb-{self._rows.stack_key}-{made.run_id}-1",
            **{name: ended.isoformat() for name in _TIMES if name in detail},
        }
        for container in detail["containers"]:
            container["taskArn"] = made.task
        event |= {
            "id": str(uuid4()),
            "account": self._account,
            "region": self._region,
            "time": ended.isoformat(timespec="seconds"),
            "resources": [made.task],
        }
        return json.dumps(event)


def send(stack: Stack, bodies: Iterable[str]) -> None:
    """Put the events into the state-change queue, as their rule does."""
    client, queue = stack.client("sqs"), stack.resources["StateChangeQueue"][1]
    for some in itertools.batched(bodies, _SENT_AT_ONCE, strict=False):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(some)]
        client.send_message_batch(QueueUrl=queue, Entries=entries)


class Listener:
    """A queue behind a rule of its own for "Jetbridge Run Finished"."""

    def __init__(self, stack: Stack) -> None:
        self._sqs = stack.client("sqs")
        policy = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
            },
        }
        self._queue = self._sqs.create_queue(
            QueueName=_QUEUE, Attributes={"Policy": json.dumps(policy)}
        )["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        events = stack.client("events")
        pattern = {"source": ["jetbridge"], "detail-type": ["Jetbridge Run Finished"]}
        events.put_rule(Name=_QUEUE, EventPattern=json.dumps(pattern))
        target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
        events.put_targets(Rule=_QUEUE, Targets=[target])

    def heard(self) -> Iterator[tuple[str, str]]:
        """Run id and outcome of each announcement so far."""
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=_RECEIVED_AT_ONCE, WaitTimeSeconds=0
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            for message in messages:
                detail = json.loads(message["Body"])["detail"]
                yield detail["run_id"], _told_apart(detail)
            entries = [
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                for n, message in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)


def sealed(stack: Stack) -> dict[str, str]:
    """Every sealed outcome by run id."""
    pages = stack.client("dynamodb").get_paginator("scan")
    return {
        item["run_id"]["S"]: _told_apart(json.loads(item["outcome"]["S"]))
        for page in pages.paginate(TableName=stack.resources["OutcomesTable"][1])
        for item in page["Items"]
        if "outcome" in item
    }


def _told_apart(outcome: dict[str, Any]) -> str:
    """What distinguishes two outcomes of a run: each has the time at which it was made."""
    return f"{outcome['state']} {outcome['finished_at']}"
