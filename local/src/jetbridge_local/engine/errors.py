"""The errors that the engines return, as AWS would."""

from typing import Any


class AwsError(Exception):
    """An error as the answer: ``code`` and ``message`` as in AWS, and the HTTP ``status``.

    ``members`` are the members of the error's shape besides the message, such as ``resourceIds``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        members: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})


class LogGroupMissing(Exception):
    """Raised by a log sink: the group doesn't exist and should not be created."""

    def __init__(self, group: str) -> None:
        super().__init__(f"The specified log group does not exist: {group}")
        self.group = group


class SecretMissing(Exception):
    """Raised by a secret source: there is no secret under this ``valueFrom``."""


class ImageMapError(ValueError):
    """The image map's file contains something that can't be used."""
