"""Failures that derive from the amazon provider's exceptions, too.

Import this module only when a run has failed, not when a DAG is parsed, because it imports the
amazon provider.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.exceptions import EcsOperatorError, EcsTaskFailToStart

from airflow_provider_jetbridge.exceptions import RunFailed


class EcsRunFailedToStart(RunFailed, EcsTaskFailToStart):
    """ECS accepted the task, but none of its containers ran.

    Attributes:
        message: the amazon provider's sentence, without Jetbridge's text after it.
    """

    def __init__(self, text: str, message: str = "") -> None:
        super().__init__(text)
        self.message = message or text

    def __reduce__(self) -> Any:
        return type(self), (str(self), self.message)


class EcsLaunchFailed(RunFailed, EcsOperatorError):
    """ECS didn't accept the task.

    Attributes:
        failures: one entry in the form of RunTask's ``failures``, with AWS's text as ``reason``.
        message: the exception's text.
    """

    def __init__(self, text: str, reason: str) -> None:
        Exception.__init__(self, text)
        self.message = text
        self.failures = [{"reason": reason}]
        self._reason = reason

    def __reduce__(self) -> Any:
        return type(self), (self.message, self._reason)
