"""What the services need of an Airflow: its API, called with its credentials."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True):
    """What Airflow's API server answered.

    Attributes:
        status: the HTTP status.
        body: the decoded JSON; None where the body is empty or isn't JSON.
        retry_after: seconds, from the header of that name; None without it.
    """

    status: int
    body: Any = None
    retry_after: float | None = None


class Unavailable(Exception):
    """Airflow is unavailable; try again after ``retry_after`` seconds. ``altogether``: for every
    call, and not just for this one.
    """

    def __init__(
        self, problem: str, retry_after: float | None = None, altogether: bool = True
    ) -> None:
        super().__init__(problem)
        self.retry_after = retry_after
        self.altogether = altogether


class Refused(Exception):
    """Airflow refuses the call, and repeating it won't help. The text says what to change."""


class Airflow(Protocol):
    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the API once; ``path`` is quoted and starts with a slash, ``body`` goes as JSON.

        If Airflow rejects the credentials, they are renewed once. Redirects are answers.

        Raises:
            Unavailable: there was no answer, or none in time; or Airflow still rejects the
                credentials.
            Refused: the stack's secret can't be used.
        """
        ...


class Airflows(Protocol):
    def named(self, name: str) -> Airflow:
        """The Airflow of this name. Only a call shows whether the stack's secret has it."""
        ...
