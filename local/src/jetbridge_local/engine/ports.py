"""What the engines need from their host."""

from typing import Any, Protocol, TypedDict


class LogEvent(TypedDict):
    """One line: ``timestamp`` in ms since the epoch."""

    timestamp: int
    message: str


class EventSink(Protocol):
    """Receives complete EventBridge events: version, id, detail-type, source, account, time,
    region, resources and detail (an object, not JSON text)."""

    def emit(self, event: dict[str, Any]) -> None:
        """Called from one thread of an engine, in the order of the state changes. May block."""


class LogSink(Protocol):
    """CloudWatch Logs, as the awslogs driver uses it. Called from several threads."""

    def ensure_stream(self, group: str, stream: str, create_group: bool) -> None:
        """Create the stream, and its group if ``create_group``.

        Raises LogGroupMissing if the group doesn't exist and ``create_group`` is false.
        """

    def put(self, group: str, stream: str, events: list[LogEvent]) -> None:
        """Append events, in order. There are never two calls at the same time for one stream."""


class SecretSource(Protocol):
    """Secrets Manager and Parameter Store, for containers' ``secrets``."""

    def value(self, value_from_arn: str) -> str:
        """The value under a container secret's ``valueFrom``. Raises SecretMissing."""


class ProcessRegistry(Protocol):
    """Knows every process group that an engine started and that hasn't ended yet.

    Each pid is its process group's leader. A host uses it to clean up if it ends suddenly.
    """

    def started(self, pid: int) -> None: ...

    def ended(self, pid: int) -> None: ...
