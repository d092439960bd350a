"""One real run, with its row saved at each stage."""

import json
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.errors import BenchmarkFailed
from benchmarks.footprint.samples import Event, sqs_event
from jetbridge_local.site.stack import Stack

_END_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Donor:
    """The run's row as DynamoDB had it at three stages, and the event that reported its end."""

    run_id: str
    airflow_run: str
    accepted: Event
    launched: Event
    ended: Event
    state_change: Event

    @property
    def task(self) -> str:
        """The id of its ECS task."""
        arn: str = self.launched["backend_id"]["S"]
        return arn.rsplit("/", 1)[-1]


class DonorFailed(BenchmarkFailed):
    """The run failed, so nothing can be measured with it."""


class Donation:
    """Passes a run through the deployed functions one by one, and carries its messages."""

    def __init__(self, stack: Stack, envelope: Event) -> None:
        self._stack = stack
        self._envelope = envelope

    def run(self, request: Event) -> Donor:
        """Raises DonorFailed if a function fails or the container doesn't end in time."""
        run_id = str(self._invoke("start_run", request)["run_id"])
        accepted = self._row(run_id)
        self._deliver("launch_run", {"run_id": run_id, "launch": 1})
        launched = self._row(run_id)
        state_change = self._last_state_change(run_id)
        self._deliver("track_run", state_change)
        ended = self._row(run_id)
        if "ending" not in ended:
            raise DonorFailed(f"run {run_id}: its end wasn't recorded: {ended}")
        return Donor(
            run_id=run_id,
            airflow_run=request["caller"]["run_id"],
            accepted=accepted,
            launched=launched,
            ended=ended,
            state_change=state_change,
        )

    def _row(self, run_id: str) -> Event:
        return row(self._stack, run_id)

    def _deliver(self, function: str, message: Event) -> None:
        answer = self._invoke(function, sqs_event(self._envelope, message))
        if answer["batchItemFailures"]:
            raise DonorFailed(f"{function} failed: see its log in {self._stack.cloud.log.parent}")

    def _invoke(self, function: str, event: Event) -> Any:
        answer = self._stack.client("lambda").invoke(
            FunctionName=self._stack.functions[function], Payload=json.dumps(event)
        )
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise DonorFailed(f"{function}: {payload}")
        return payload

    def _last_state_change(self, run_id: str) -> Event:
        """The event of the task's end, from the queue that the template's rule puts it in."""
        queue, sqs = self._stack.resources["StateChangeQueue"][1], self._stack.client("sqs")
        deadline = time.monotonic() + _END_SECONDS
        while time.monotonic() < deadline:
            messages = sqs.receive_message(
                QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=2
            )
            for message in messages.get("Messages", []):
                event: Event = json.loads(message["Body"])
                ours = run_id in event["detail"]["startedBy"]
                if ours and event["detail"]["lastStatus"] == "STOPPED":
                    return event
        raise DonorFailed(f"run {run_id}: no event of its end in {_END_SECONDS:g} s")


def row(stack: Stack, run_id: str) -> Event:
    """A run's row in DynamoDB's own notation. Raises DonorFailed if there is none."""
    answer = stack.client("dynamodb").get_item(
        TableName=stack.resources["RunsTable"][1],
        Key={"run_id": {"S": run_id}},
        ConsistentRead=True,
    )
    if "Item" not in answer:
        raise DonorFailed(f"run {run_id}: it has no row")
    item: Event = answer["Item"]
    return item
