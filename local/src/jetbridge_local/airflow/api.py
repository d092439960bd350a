"""Requests to Airflow's REST API v2, with a token that is renewed when Airflow rejects it."""

from collections.abc import Iterator
from typing import Any

import httpx

PAGE = 100


class AirflowError(RuntimeError):
    """The API refused a request, or something didn't happen in time."""


class AirflowApi:
    """One Airflow's API.

    The token is fetched with the first request. Without ``username`` every caller has to be an
    administrator of this Airflow (``[core] simple_auth_manager_all_admins``).
    """

    def __init__(self, url: str, username: str | None = None, password: str | None = None) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self._login = {"username": username, "password": password} if username else None
        self._token: str | None = None

    def close(self) -> None:
        self._http.close()

    def pages(self, path: str, items: str) -> Iterator[dict[str, Any]]:
        """All items of a listing; ``items`` is their name in the answer."""
        offset = 0
        while True:
            answer = self.json("GET", path, params={"limit": PAGE, "offset": offset})
            yield from answer[items]
            offset += len(answer[items])
            if not answer[items] or offset >= answer["total_entries"]:
                return

    def json(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Raises: AirflowError"""
        answer: dict[str, Any] = checked(self.request(method, path, **arguments)).json()
        return answer

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """The answer, whatever its status; ``arguments`` are those of httpx."""
        headers = arguments.pop("headers", {})
        answer = self._http.request(method, path, headers=headers | self._bearer(), **arguments)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._token = None
            answer = self._http.request(method, path, headers=headers | self._bearer(), **arguments)
        return answer

    def _bearer(self) -> dict[str, str]:
        if self._token is None:
            if self._login:
                answer = self._http.post("/auth/token", json=self._login)
            else:
                answer = self._http.get("/auth/token")
            self._token = checked(answer).json()["access_token"]
        return {"Authorization": f"Bearer {self._token}"}


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer. Raises AirflowError if Airflow refused the request."""
    if not answer.is_success:
        request = answer.request
        raise AirflowError(
            f"{request.method} {request.url.path} gave {answer.status_code}: {answer.text[:2000]}"
        )
    return answer
