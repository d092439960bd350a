"""The errors that the engines answer with, as AWS would."""

from typing import Any


class AwsError(Exception):
    """An answer that is an error: ``code`` and ``message`` as AWS gives them, ``status`` of HTTP.

    ``members`` are what the error's shape has besides the message, such as ``resourceIds``.
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
    """A log sink's answer: the group isn't there and wasn't to be created."""

    def __init__(self, group: str) -> None:
        super().__init__(f"The specified log group does not exist: {group}")
        self.group = group


class SecretMissing(Exception):
    """A secret source's answer: there is nothing under this ``valueFrom``."""


class ImageMapError(ValueError):
    """The image map's file says something that can't be used."""
