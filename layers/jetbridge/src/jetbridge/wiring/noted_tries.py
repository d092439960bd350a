"""The tries in the runs table, for functions whose log lines name the run that they are about."""

from jetbridge.launching.dynamodb import DynamoTries
from jetbridge.runs.run import Attachment, Run
from jetbridge.wiring.telemetry import run_keys


class NotedTries(DynamoTries):
    """``DynamoTries`` that passes each row it writes by key to the logger."""

    def create(self, run: Run, task_key: str, seen: str | None) -> bool:
        run_keys.note(run)
        return super().create(run, task_key, seen)

    def attach(self, alias: Run, to: Run, attachment: Attachment) -> bool:
        run_keys.note(alias)
        return super().attach(alias, to, attachment)
