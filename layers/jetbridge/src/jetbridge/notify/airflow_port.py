"""What notify_airflow needs of Airflow: its API, called with the credentials in the secret."""

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


class Airflows(Protocol):
    """The Airflows in the stack's secret."""

    def call(
        self,
        name: str,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the API of the Airflow with this name in the secret, once.

        If Airflow rejects the credentials, they are renewed once. Redirects are answers.

        Args:
            path: quoted, and starts with a slash.
            body: is sent as JSON.

        Raises:
            Unavailable: there was no answer, or none in time; or Airflow still rejects the
                credentials.
            Refused: the secret can't be used, or doesn't have this name.
        """
        ...
