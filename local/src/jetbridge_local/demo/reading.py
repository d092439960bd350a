"""Reads a DAG run back from Airflow's own API and holds it against what was printed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jetbridge_local.airflow import AirflowClient, LogLine
from jetbridge_local.demo.expectations import Expected
from jetbridge_local.site.outcomes import Finished
from jetbridge_local.waiting import looks

_LATE_SECONDS = 60.0

Printed = Callable[[Finished], list[tuple[int, str]]]
"""What a run's containers printed, from CloudWatch Logs: (epoch milliseconds, text)."""


@dataclass
class TaskReading:
    """What Airflow says of one task. ``log_lines_found`` counts, over all its tries, the
    container's lines that the log of the same try has with their own timestamps."""

    state: str
    tries: int
    seconds: float
    log_lines_found: int = 0
    log_lines_printed: int = 0
    problems: list[str] = field(default_factory=list)


class DagRunReader:
    """Reads tasks, tries and logs of one DAG run.

    ``runs`` are the finished runs that the DAG run started.
    """

    def __init__(
        self,
        client: AirflowClient,
        dag_id: str,
        run_id: str,
        runs: list[Finished],
        printed: Printed,
    ) -> None:
        self._client = client
        self._dag = (dag_id, run_id)
        self._runs = {(run.caller["task_id"], run.caller["try_number"]): run for run in runs}
        self._printed = printed

    def read(self, task_id: str, expected: Expected) -> TaskReading:
        tries = self._client.tries(*self._dag, task_id)
        last = tries[-1]
        reading = TaskReading(
            state=str(last.state),
            tries=len(tries),
            seconds=round(sum(each.seconds or 0 for each in tries), 1),
        )
        if reading.state != expected.state:
            reading.problems.append(f"is {reading.state}, not {expected.state}")
        if reading.tries != expected.tries:
            reading.problems.append(f"had {reading.tries} tries, not {expected.tries}")
        if expected.container:
            for each in tries:
                self._compare_log(task_id, each.try_number, reading)
        self._look_for_texts(task_id, last.try_number, expected, reading)
        return reading

    def _compare_log(self, task_id: str, try_number: int, reading: TaskReading) -> None:
        run = self._runs.get((task_id, try_number))
        if run is None:
            reading.problems.append(f"try {try_number} has no outcome")
            return
        printed = self._printed(run)
        reading.log_lines_printed += len(printed)
        found = self._wait_for_lines(task_id, try_number, printed)
        reading.log_lines_found += found
        if not printed:
            reading.problems.append(f"the container of try {try_number} printed nothing")
        if found != len(printed):
            reading.problems.append(
                f"{found} of the {len(printed)} lines of try {try_number} are in its log"
            )

    def _wait_for_lines(self, task_id: str, try_number: int, printed: list[tuple[int, str]]) -> int:
        """The copy may still be under way when the task has ended."""
        found = 0
        for _ in looks(_LATE_SECONDS, pause=0.5):
            shown = _shown(self._client.log(*self._dag, task_id, try_number))
            found = sum(shown.count(line) >= printed.count(line) for line in printed)
            if found == len(printed):
                break
        return found

    def _look_for_texts(
        self, task_id: str, try_number: int, expected: Expected, reading: TaskReading
    ) -> None:
        log = self._client.log(*self._dag, task_id, try_number)
        everything = "\n".join(f"{line.event} {line.fields}" for line in log)
        reading.problems += [
            f"{text!r} is not in the log of try {try_number}"
            for text in expected.texts
            if text not in everything
        ]


def _shown(log: list[LogLine]) -> list[tuple[int, str]]:
    return [
        (round(line.timestamp.timestamp() * 1000), line.event)
        for line in log
        if line.timestamp is not None
    ]


def printed_lines(client: Any, run: Finished) -> list[tuple[int, str]]:
    """What a run's containers printed, read with a boto3 CloudWatch Logs client."""
    lines: list[tuple[int, str]] = []
    for stream in run.outcome.get("log_streams", []):
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=stream["group"], logStreamNames=[stream["stream"]]
        )
        lines += [
            (event["timestamp"], event["message"]) for page in pages for event in page["events"]
        ]
    return lines
