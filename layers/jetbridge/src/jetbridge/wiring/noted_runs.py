"""The runs table for functions whose log lines name the run that they are about."""

from jetbridge.aws.items import Item
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import Written
from jetbridge.runs.run import Run
from jetbridge.wiring.telemetry import run_keys


class NotedRuns(DynamoRuns):
    """``DynamoRuns`` that passes each row it reads or writes by key to the logger."""

    def create(self, run: Run) -> bool:
        run_keys.note(run)
        return super().create(run)

    def get(self, run_id: str) -> Run | None:
        run = super().get(run_id)
        run_keys.note(run)
        return run

    def _write(self, run_id: str, change: str, condition: str, values: Item) -> Written:
        written = super()._write(run_id, change, condition, values)
        run_keys.note(written.row)
        return written
