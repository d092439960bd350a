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
    """Airflow can't be asked now; it may be asked again after ``retry_after`` seconds.

    ``altogether``: that goes for whatever it would be asked, and not just for this.
    """

    def __init__(
        self, problem: str, retry_after: float | None = None, altogether: bool = True
    ) -> None:
        super().__init__(problem)
        self.retry_after = retry_after
        self.altogether = altogether


class Refused(Exception):
    """Airflow won't do it as it is configured: somebody has to act, the text says how."""


class Airflow(Protocol):
    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the API once; ``path`` is quoted and starts with a slash, ``body`` goes as JSON.

        Credentials that Airflow rejects are renewed once. Redirects are answers.

        Raises:
            Unavailable: no answer, or none in time; or the credentials are rejected still.
            Refused: the stack's secret can't be used.
        """
        ...


class Airflows(Protocol):
    def named(self, name: str) -> Airflow:
        """One of the Airflows in the stack's secret; whether it is in there, the call says."""
        ...
