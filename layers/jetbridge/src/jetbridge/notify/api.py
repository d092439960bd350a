"""Handles the answers of Airflow's API that mean the same for every call."""

from collections.abc import Container, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from jetbridge.notify.airflow_port import Airflows, Answer, Refused, Unavailable

_DONE = (200, 201, 204)
_BUSY = (408, 429)


class Api(Struct, frozen=True):
    """One Airflow's API; ``name`` is its name in the stack's secret."""

    airflows: Airflows
    name: str

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        known: Container[int] = (),
    ) -> Answer:
        """Call the API. Returns an answer whose status is a success or one of ``known``.

        Raises:
            Unavailable: Airflow is down, overloaded, or rejects the credentials.
            Refused: repeating it won't help; the text says what to change.
        """
        answer = self.airflows.call(self.name, method, path, body, query)
        if answer.status in _DONE or answer.status in known:
            return answer
        what = f"Airflow {self.name!r} answers {answer.status} to {method} {path}"
        if answer.status in _BUSY or answer.status >= 500:
            raise Unavailable(what, answer.retry_after, altogether=answer.status != 500)
        raise Refused(f"{what}{_detail(answer)}: {_ADVICE.get(answer.status, _OTHERWISE)}")


_ADVICE = {
    403: "give the secret's user a role that may do it",
    404: "check that it exists in that Airflow, and the secret's url",
    422: "that version of Airflow does not understand Jetbridge's request",
}
_OTHERWISE = "check the secret's url: it must be that of Airflow's API server itself"


def _detail(answer: Answer) -> str:
    detail = detail_of(answer)
    return f" ({detail[:200]})" if detail else ""


def detail_of(answer: Answer) -> str:
    """The text with which Airflow explains an error; empty where it has none."""
    detail = answer.body.get("detail") if isinstance(answer.body, dict) else None
    return detail if isinstance(detail, str) else ""


def path_of(*segments: str | int) -> str:
    """Makes a path of quoted segments, since ids of DAG runs have colons, plus signs and slashes.

    Raises:
        Refused: a segment is ``.`` or ``..``, which names another path (RFC 3986, section 5.2.4).
            Admission refuses requests with one, but rows of version 0.1 may have one.
    """
    if {".", ".."} & set(map(str, segments)):
        raise Refused(f"{segments} has a segment that names another path: give up this notice")
    return "".join(f"/{quote(str(segment), safe='')}" for segment in segments)
