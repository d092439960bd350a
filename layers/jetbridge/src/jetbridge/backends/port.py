"""What the services need of ECS or Batch."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from jetbridge.aws.records import Record
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Definition


class LaunchRefused(Exception):
    """AWS refused the launch and would refuse it again.

    Attributes:
        code: AWS's error code, or a ``failures[].reason`` of RunTask.
        reason: AWS's message.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class NoDefinition(LaunchRefused):
    """AWS has no such definition, or none of its revisions is active. A refusal for any other
    reason, such as a missing permission, is not this."""


class Throttled(Exception):
    """AWS throttled the call and did nothing. The same call may succeed later."""


class Unanswered(Exception):
    """AWS didn't answer, or failed (HTTP status 5xx). It may have done the call or not."""


class Backend(Protocol):
    """One of ECS and Batch.

    Every method raises ``Throttled`` when AWS throttled the call and did nothing, and
    ``Unanswered`` when it isn't known whether AWS did it.
    """

    def resolve(self, parameters: dict[str, Any]) -> Definition:
        """The newest revision of the definition that the parameters name, and its logs.

        Raises:
            NoDefinition: there is none.
            LaunchRefused: AWS doesn't say what it is, such as for a missing permission.
        """
        ...

    def launch(self, name: LaunchName, parameters: dict[str, Any], definition: Definition) -> str:
        """Launch a task or job; returns the task's ARN or the job's id.

        Repeating it for the same name within AWS's memory launches nothing new on ECS; on Batch
        the caller has to ``find`` first.

        Raises:
            LaunchRefused: AWS will not launch it.
        """
        ...

    def find(self, name: LaunchName, parameters: dict[str, Any]) -> str | None:
        """The task or job that a launch of this name has made, if AWS knows one."""
        ...

    def stop(self, backend_id: str, parameters: dict[str, Any], reason: str) -> None:
        """Stop a task or job. If it has already ended, nothing happens."""
        ...

    def stop_all(self, stops: Mapping[str, dict[str, Any]], reason: str) -> dict[str, Exception]:
        """Stop several tasks or jobs, in as few calls as AWS allows. Raises nothing.

        Args:
            stops: the parameters of each launch, by the task's ARN or the job's id.

        Returns:
            By ARN or id, the errors of those that could not be stopped, as ``stop`` raises them.
        """
        ...

    def describe(self, place: str, backend_ids: list[str]) -> list[Record]:
        """Records of up to 100 tasks or jobs of one cluster or queue, in the shape of event
        details. Tasks and jobs that AWS no longer knows are absent.

        Raises:
            LaunchRefused: AWS refuses the call, or doesn't describe one of them although it may
                still know it.
        """
        ...

    def living(self, place: str, prefix: str) -> Iterator[list[Record]]:
        """Records of the tasks or jobs of one cluster or queue that have not ended and whose
        launch's name begins with ``prefix``, up to 100 at once."""
        ...

    def places(self) -> list[str]:
        """ARNs of all clusters or job queues."""
        ...
