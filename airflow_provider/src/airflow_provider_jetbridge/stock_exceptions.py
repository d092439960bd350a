"""Failures that are also those which the amazon provider raises.

Imported where a run has failed, not where a DAG is parsed: the amazon provider comes with it.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.exceptions import EcsOperatorError, EcsTaskFailToStart

from airflow_provider_jetbridge.exceptions import RunFailed


class EcsRunFailedToStart(RunFailed, EcsTaskFailToStart):
    """ECS took the task, and none of its containers has run.

    Attributes:
        message: the amazon provider's sentence, without what follows it here.
    """

    def __init__(self, text: str, message: str = "") -> None:
        super().__init__(text)
        self.message = message or text

    def __reduce__(self) -> Any:
        return type(self), (str(self), self.message)


class EcsLaunchFailed(RunFailed, EcsOperatorError):
    """ECS didn't take the task.

    Attributes:
        failures: one, with AWS's words as ``reason``, as RunTask's ``failures`` have it.
        message: the same text as the exception's.
    """

    def __init__(self, text: str, reason: str) -> None:
        Exception.__init__(self, text)
        self.message = text
        self.failures = [{"reason": reason}]
        self._reason = reason

    def __reduce__(self) -> Any:
        return type(self), (self.message, self._reason)
