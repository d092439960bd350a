"""The tries of the runs table, whose readers' log lines say which run they are about."""

from jetbridge.launching.dynamodb import DynamoTries
from jetbridge.runs.run import Attachment, Run
from jetbridge.wiring.telemetry import run_keys


class NotedTries(DynamoTries):
    """``DynamoTries`` that tells the logger of each row that it writes by its key."""

    def create(self, run: Run, task_key: str, seen: str | None) -> bool:
        run_keys.note(run)
        return super().create(run, task_key, seen)

    def attach(self, alias: Run, to: Run, attachment: Attachment) -> bool:
        run_keys.note(alias)
        return super().attach(alias, to, attachment)
