"""Checks the Airflows that notify_airflow calls: the secret, the API, the login and its rights."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.client import HTTPException
from typing import Any, NamedTuple

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Note, Result, if_there

_SECONDS = 10
# A user without the right to read DAGs gets 403. `rest` needs that right
# (docs/explanation/finish.md).
_ASKED = "/api/v2/dags?limit=1"
_LOGIN = "/auth/token"


class _Answer(NamedTuple):
    """An HTTP answer. ``status`` 0 means that there was none, and ``text`` says why."""

    status: int
    text: str


def airflows(deployment: Deployment) -> Iterator[Result]:
    """Each account in the secret can log in to its Airflow and read DAGs, from this machine."""
    secret = deployment.parameters.get("AirflowSecretArn")
    if not secret:
        return
    found = if_there(partial(deployment.aws.secretsmanager.get_secret_value, SecretId=secret))
    if found is None:
        yield _finding(secret, "AirflowSecretArn names it, and there is no such secret.")
        return
    accounts = _accounts(found["SecretString"])
    if accounts is None:
        yield _finding(
            "AirflowSecretArn", "the secret isn't a JSON object whose keys are Airflows' names."
        )
        return
    if not accounts:
        yield _finding(
            "AirflowSecretArn", "the secret names no Airflow, so notify_airflow can't notify any."
        )
    if deployment.listed("VpcSubnetIds"):
        yield Note(
            check="Airflow",
            text="notify_airflow calls from its subnets, and this command from here: where only "
            "one of them gets an answer, look at routes and security groups.",
        )
    for name, account in sorted(accounts.items()):
        yield from _account(name, account)


def _accounts(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _account(name: str, account: Any) -> Iterator[Result]:
    subject = f"Airflow {name!r}"
    url = account.get("url", "") if isinstance(account, dict) else ""
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        yield _finding(subject, "its entry in the secret has no url that begins with https://.")
        return
    url = url.rstrip("/")
    token = account.get("token")
    if token is None:
        login = {key: account.get(key) for key in ("username", "password")}
        answer = _call(f"{url}{_LOGIN}", body=login)
        if answer.status not in (200, 201):
            yield _refused(subject, url, answer, "its login")
            return
        token = _token_in(answer.text)
        if token is None:
            yield _finding(
                subject,
                f"its login at {url} answers without an access_token: something else is there.",
                "Correct the url in the secret: it is that of Airflow's API server.",
            )
            return
    answer = _call(f"{url}{_ASKED}", token=str(token))
    # Airflow's API accepted the token. It may lack this page.
    if answer.status not in (200, 404):
        yield _refused(subject, url, answer, "its API")


def _token_in(text: str) -> str | None:
    try:
        token = json.loads(text)["access_token"]
    except (ValueError, LookupError, TypeError):
        return None
    return token if isinstance(token, str) else None


def _refused(subject: str, url: str, answer: _Answer, what: str) -> Finding:
    if answer.status == 0:
        return _finding(
            subject,
            f"nobody answers at {url}: {answer.text}.",
            "Start Airflow's API server, or correct the url in the secret.",
        )
    fix = "Put valid credentials into the secret."
    if answer.status == 403:
        fix = "Give the secret's user a role that reads DAGs and edits task instances."
    elif answer.status >= 500:
        fix = "Look at the log of Airflow's API server."
    return _finding(subject, f"{what} at {url} answers {answer.status}.", fix)


def _call(url: str, token: str = "", body: Any = None) -> _Answer:  # nosec B107 # no token
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    sent = None if body is None else json.dumps(body).encode()
    try:
        request = urllib.request.Request(url, sent, headers)
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # nosec B310 # http
            return _Answer(answer.status, answer.read(65_536).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        return _Answer(error.code, "")
    except (OSError, HTTPException, ValueError) as error:
        return _Answer(0, str(getattr(error, "reason", error)))


def _finding(
    subject: str,
    problem: str,
    fix: str = 'Make it {"default": {"url": "https://…", "username": "…", "password": "…"}}.',
) -> Finding:
    return Finding(check="Airflow", subject=subject, problem=problem, fix=fix, section="airflow")
