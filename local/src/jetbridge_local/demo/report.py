"""The demo's result: a table for people, one JSON object for programs."""

import json
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from jetbridge_local.demo.reading import TaskReading
from jetbridge_local.site.outcomes import Finished


@dataclass
class Report:
    """Everything that the demo found out; ``error`` is why it broke off, if it did."""

    tasks: dict[str, TaskReading] = field(default_factory=dict)
    scheduled: Finished | None = None
    aws_calls: dict[str, int] = field(default_factory=dict)
    watching_calls: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None

    @property
    def problems(self) -> list[str]:
        problems = [
            f"{task_id} {problem}"
            for task_id, reading in self.tasks.items()
            for problem in reading.problems
        ]
        if self.error:
            problems.append(self.error)
        if self.scheduled and self.scheduled.outcome["state"] != "succeeded":
            problems.append(f"the scheduled run {self.scheduled.outcome['state']}")
        if self.watching_calls:
            problems.append(
                f"{len(self.watching_calls)} calls watched a run: {self.watching_calls}"
            )
        return problems

    @property
    def ok(self) -> bool:
        return not self.problems

    def show(self, console: Console) -> None:
        if self.tasks:
            console.print(self._table())
        for problem in self.problems:
            console.print(f"[red]✗[/] {problem}", highlight=False)

    def as_json(self) -> str:
        scheduled = self.scheduled.outcome if self.scheduled else None
        return json.dumps(
            {
                "demo": "ok" if self.ok else "failed",
                "tasks": {task_id: vars(reading) for task_id, reading in self.tasks.items()},
                "scheduled_run": scheduled
                and {"run_id": scheduled["run_id"], "state": scheduled["state"]},
                "aws_calls": self.aws_calls,
                "describe_calls_while_running": len(self.watching_calls),
                "seconds": round(self.seconds, 1),
                "problems": self.problems,
            }
        )

    def _table(self) -> Table:
        table = Table(title="What Airflow's API says")
        for heading in ("task", "state", "tries", "seconds", "container lines in the log"):
            table.add_column(heading, justify="left" if heading in ("task", "state") else "right")
        for task_id, reading in self.tasks.items():
            table.add_row(
                task_id,
                reading.state,
                str(reading.tries),
                f"{reading.seconds:.1f}",
                _found(reading),
            )
        if self.scheduled:
            outcome = self.scheduled.outcome
            lines = len(outcome.get("last_lines", []))
            table.add_row(
                "(by a schedule, without Airflow)",
                outcome["state"],
                "1",
                f"{self.scheduled.stopped_at - self.scheduled.started_at:.1f}",
                f"{lines} in its outcome",
            )
        return table


def _found(reading: TaskReading) -> str:
    if not reading.log_lines_printed:
        return "no container"
    return f"{reading.log_lines_found} of {reading.log_lines_printed}"
