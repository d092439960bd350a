"""Occasions for each function to do its real work: a run at the right stage, and the event."""

import base64
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkFailed
from benchmarks.footprint.donor import Donation, row
from benchmarks.footprint.live import DEFINITION, delivery
from benchmarks.footprint.samples import Event, renamed, sample, sqs_event, start_request
from jetbridge_local.site.stack import Stack

_PLACE = {"cluster": "jetbridge-example", "taskDefinition": DEFINITION}
_RUN_ID_LENGTH = 20


class NotDone(BenchmarkFailed):
    """A function answered but didn't do its work, so its figures would mean nothing."""


@dataclass(frozen=True)
class Occasion:
    """One future invocation. ``check`` takes the function's answer, and raises NotDone unless the
    answer and the tables show that the work was done."""

    event: Event
    check: Callable[[Any], None]


class Occasions:
    """Makes as many occasions as asked for.

    One real run (a task on the local cloud's ECS) goes through the deployed functions first. Each
    occasion is a copy of its row, at the stage that the function expects, under a run id of its
    own. So every invocation finds a run that it hasn't seen. The copies share the donor's task and
    log stream: copy_logs and finish_run read real lines, and stop_run stops a stopped task.
    """

    def __init__(self, stack: Stack, events: Path, bucket: str) -> None:
        self._stack = stack
        self._events = events
        self._bucket = bucket
        self._made: list[str] = []
        self._donor = Donation(stack, sample(events, "launch_run/message")).run(self._request())
        self._makers: dict[str, Callable[[], Occasion]] = {
            "start_run": self._start,
            "launch_run": self._launch,
            "track_run": self._track,
            "finish_run": self._finish,
            "notify_airflow": self._notify,
            "copy_logs": self._copy,
            "relay_logs": self._relay,
            "stop_run": self._stop,
            "watch_runs": self._watch,
            "sweep_runs": self._sweep,
        }

    def must_know(self, functions: Iterable[str]) -> None:
        """Raises BenchmarkFailed if a function has no kind of occasion here."""
        for function in functions:
            if function not in self._makers:
                raise BenchmarkFailed(
                    f"functions/{function}: nothing to invoke it with; add its work to {__name__}"
                )

    def next(self, function: str) -> Occasion:
        """A new occasion for the function whose folder has this name."""
        return self._makers[function]()

    def _start(self) -> Occasion:
        def check(answer: Any) -> None:
            _demand(not answer["duplicate"], "start_run took the request for a repeated one")
            self._row(answer["run_id"])
            self._made.append(answer["run_id"])

        return Occasion(self._request(), check)

    def _launch(self) -> Occasion:
        run_id = self._copy_of(self._donor.accepted)
        return self._message(
            "launch_run",
            {"run_id": run_id, "launch": 1},
            lambda: self._row(run_id)["status"] == {"S": "launched"},
        )

    def _track(self) -> Occasion:
        run_id = self._copy_of(self._donor.launched)
        return self._message(
            "track_run",
            renamed(self._donor.state_change, self._names(run_id)),
            lambda: self._row(run_id)["status"] == {"S": "ended"},
        )

    def _finish(self) -> Occasion:
        run_id = self._copy_of(self._donor.ended)
        return self._message(
            "finish_run",
            {"run_id": run_id},
            lambda: self._row(run_id)["finished"] == {"BOOL": True},
        )

    def _notify(self) -> Occasion:
        """An outcome to be pushed. The stack has no Airflow, so the work ends before the call."""
        asked = json.loads(self._donor.ended["request"]["S"]) | {"finish": "push"}
        run_id = self._copy_of(self._donor.ended | {"request": {"S": json.dumps(asked)}})
        self._stack.client("lambda").invoke(
            FunctionName=self._stack.functions["finish_run"],
            Payload=json.dumps(self._message_event({"run_id": run_id})),
        )

        def check(answer: Any) -> None:
            _demand(len(answer["batchItemFailures"]) == 1, f"notify_airflow answered {answer}")

        return Occasion(self._message_event({"run_id": run_id, "airflow": "default"}), check)

    def _copy(self) -> Occasion:
        run_id = self._copy_of(self._donor.ended)
        prefix = self._request(run_id)["log_target"]["key_prefix"]
        return self._message("copy_logs", {"run_id": run_id}, lambda: self._copied(prefix))

    def _relay(self) -> Occasion:
        """New lines of the donor's own stream, which launch_run has noted."""
        text = f"line {_new_run_id()}"
        donor = self._donor
        prefix = self._request(airflow_run=donor.airflow_run)["log_target"]["key_prefix"]

        def check(_: Any) -> None:
            _demand(self._shown(prefix, text), f"relay_logs has written {text!r} nowhere")

        return Occasion(delivery(donor.task, text), check)

    def _stop(self) -> Occasion:
        run_id = self._copy_of(self._donor.launched)
        event = sample(self._events, "stop_run/request") | {"run_ids": [run_id]}

        def check(answer: Any) -> None:
            _demand(answer["stopping"] == [run_id], f"stop_run answered {answer}")

        return Occasion(event, check)

    def _watch(self) -> Occasion:
        """A look at an unfinished run: the stack has no Airflow to notify."""
        run_id = self._copy_of(self._donor.launched)

        def check(answer: Any) -> None:
            known = answer["runs"].get(run_id, {})
            _demand(known.get("status") == "launched", f"watch_runs answered {answer}")

        return Occasion({"run_ids": [run_id]}, check)

    def _sweep(self) -> Occasion:
        """One run that is overdue; after a while those of other occasions would be, too."""
        self._forget()
        overdue = {"check_at": {"N": str(time.time() - 1)}}
        run_id = self._copy_of(self._donor.launched | overdue)

        def check(answer: Any) -> None:
            _demand(answer["described"] == 1, f"sweep_runs answered {answer}")
            check_at = float(self._row(run_id)["check_at"]["N"])
            _demand(check_at > time.time(), f"run {run_id} is still overdue")

        return Occasion(sample(self._events, "sweep_runs/schedule"), check)

    def _message(self, function: str, body: Event, done: Callable[[], bool]) -> Occasion:
        def check(answer: Any) -> None:
            _demand(answer == {"batchItemFailures": []}, f"{function} answered {answer}")
            _demand(done(), f"{function} answered, but its work for {body} isn't done")

        return Occasion(self._message_event(body), check)

    def _message_event(self, body: Event) -> Event:
        return sqs_event(sample(self._events, "launch_run/message"), body)

    def _request(self, run_id: str | None = None, airflow_run: str | None = None) -> Event:
        return start_request(
            sample(self._events, "start_run/airflow_ecs"),
            airflow_run=airflow_run or _airflow_run(run_id or _new_run_id()),
            place=_PLACE,
            bucket=self._bucket,
        )

    def _names(self, run_id: str) -> dict[str, str]:
        return {
            self._donor.run_id: run_id,
            self._donor.airflow_run: _airflow_run(run_id),
        }

    def _copy_of(self, stage: Event) -> str:
        run_id = _new_run_id()
        self._made.append(run_id)
        self._stack.client("dynamodb").put_item(
            TableName=self._stack.resources["RunsTable"][1],
            Item=renamed(stage, self._names(run_id)),
        )
        return run_id

    def _forget(self) -> None:
        """Delete the rows of all occasions so far."""
        for run_id in self._made:
            self._stack.client("dynamodb").delete_item(
                TableName=self._stack.resources["RunsTable"][1], Key={"run_id": {"S": run_id}}
            )
        self._made.clear()

    def _copied(self, prefix: str) -> bool:
        listed = self._stack.client("s3").list_objects_v2(Bucket=self._bucket, Prefix=prefix)
        return any(item["Size"] > 0 for item in listed.get("Contents", []))

    def _shown(self, prefix: str, text: str) -> bool:
        s3 = self._stack.client("s3")
        listed = s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix).get("Contents", [])
        objects = (s3.get_object(Bucket=self._bucket, Key=each["Key"]) for each in listed)
        return any(text.encode() in each["Body"].read() for each in objects)

    def _row(self, run_id: str) -> Event:
        return row(self._stack, run_id)


def _new_run_id() -> str:
    return base64.b32encode(os.urandom(15)).decode().lower()[:_RUN_ID_LENGTH]


def _airflow_run(run_id: str) -> str:
    return f"footprint__{run_id}"


def _demand(truth: bool, otherwise: str) -> None:
    if not truth:
        raise NotDone(otherwise)
