"""The push endpoint in a real Airflow with real users: who may push, and what a push does.

Jetbridge's functions are a stand-in whose runs never end, so every task waits for a push.
Everything is on SQLite, which has no SELECT … FOR UPDATE. `test_push_lock` and the pushes of
tests/e2e/test_finish_matrix.py are on PostgreSQL.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from stand_in import REGION, StandIn, caller_of
from waiting_airflow import until

from jetbridge.contract import (
    AirflowCaller,
    Cause,
    Fault,
    Outcome,
    StartAnswer,
    StartRequest,
    State,
    WatchAnswer,
    WatchedRun,
    WatchRequest,
    decode,
    run_id_of,
    to_builtins,
)
from jetbridge_local.airflow import (
    UNHURRIED,
    LocalAirflow,
    SqliteDatabase,
    User,
    aws_connection,
    connection_variable,
)
from jetbridge_local.waiting import looks

DAG = "pushed"
USERS = (
    User("admin", "admin", "admins-password"),
    User("op", "op", "ops-password"),
    User("user", "user", "users-password"),
    User("viewer", "viewer", "viewers-password"),
)
JWT_SECRET = "a secret of sixty-four bytes and more, for the tokens of one test run."
ABSENT_TRY = "0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b11"
ABSENT = AirflowCaller(dag_id=DAG, run_id="r", task_id="t", try_number=1, ti_id=ABSENT_TRY)


class EndlessRuns(StandIn):
    """Accepts runs and never ends one; an answer to ``starts-slowly`` waits until it is let go."""

    def __init__(self) -> None:
        super().__init__(dynamodb=None, s3=None)
        self.let_go = threading.Event()
        self.ended: dict[str, Outcome] = {}

    def start_run(self, payload: bytes) -> StartAnswer:
        request = decode(StartRequest, payload)
        self.starts.append(request)
        caller = caller_of(request)
        if caller.task_id == "starts-slowly":
            assert self.let_go.wait(120)
        return StartAnswer(
            run_id=run_of(caller),
            duplicate=False,
            outcomes_table="outcomes",
            stop_function="jetbridge-stop-run",
            region=REGION,
            attached=caller.task_id == "attached",
        )

    def watch_runs(self, payload: bytes) -> WatchAnswer:
        """A run that was started is unfinished, unless ``ended`` has an outcome by its caller's
        key."""
        asked = decode(WatchRequest, payload).run_ids
        runs = {
            run_id_of(request.key): WatchedRun(
                status="ended" if request.key in self.ended else "launched",
                backend="ecs",
                caller=request.caller,
                created_at=time.time(),
                outcome=self.ended.get(request.key),
            )
            for request in self.starts
        }
        return WatchAnswer(
            runs={run_id: runs[run_id] for run_id in asked if run_id in runs},
            outcomes_table="outcomes",
            stop_function="jetbridge-stop-run",
            region=REGION,
        )

    def caller(self, task_id: str, try_number: int = 1, but: str = "") -> AirflowCaller:
        """The try of a task that has started a run, as soon as it has; not the id ``but``."""
        found: list[AirflowCaller] = []

        def started() -> bool:
            found[:] = [
                caller
                for caller in map(caller_of, self.starts)
                if (caller.task_id, caller.try_number) == (task_id, try_number)
                and caller.ti_id != but
            ]
            return bool(found)

        until(started, 240)
        return found[0]


def run_of(caller: AirflowCaller) -> str:
    return f"run-of-{caller.task_id}-{caller.ti_id}-{caller.try_number}"


def outcome_for(caller: AirflowCaller, **changes: Any) -> dict[str, Any]:
    outcome = Outcome(
        **{
            "run_id": run_of(caller),
            "state": State.SUCCEEDED,
            "cause": Cause.COMPLETED,
            "fault": Fault.NOBODY,
            "reason": "Essential container in task exited",
            "advice": "",
            "caller": caller,
            "backend": "ecs",
            "region": REGION,
            "finished_at": time.time(),
            "backend_id": "arn:aws:ecs:us-east-1:123456789012:task/c/0f1e",
            "exit_codes": {"main": 0},
            "result": {"rows": 3, "city": "Zürich"},
            **changes,
        }
    )
    sealed: dict[str, Any] = to_builtins(outcome)
    return sealed


FAILED = {
    "state": State.FAILED,
    "cause": Cause.APPLICATION_EXIT,
    "fault": Fault.JOB,
    "exit_codes": {"main": 3},
    "result": None,
}


@pytest.fixture(scope="module")
def runs() -> Iterator[EndlessRuns]:
    with EndlessRuns() as runs:
        yield runs


@pytest.fixture(scope="module")
def airflow(
    tmp_path_factory: pytest.TempPathFactory,
    dags_of: Any,
    airflow_python: Any,
    database_templates: Any,
    runs: EndlessRuns,
) -> Iterator[Any]:
    # Nothing answers at the outcomes table: the triggers never resume a task here.
    connection = aws_connection("http://127.0.0.1:9", REGION, endpoints={"lambda": runs.url})
    with LocalAirflow(
        tmp_path_factory.mktemp("home") / "airflow",
        dags_of("pushed"),
        airflow_python,
        environment=UNHURRIED
        | connection_variable("aws_default", connection)
        | {"AIRFLOW__API_AUTH__JWT_SECRET": JWT_SECRET}
        # Every task is deferred, since only such a task can be pushed to.
        | {"AIRFLOW__JETBRIDGE__SHORT_RUN_SECONDS": "0"},
        templates=database_templates,
        database=SqliteDatabase(),
        users=USERS,
    ) as airflow:
        yield airflow


@pytest.fixture(scope="module")
def client(airflow: Any) -> Iterator[Any]:
    with airflow.client() as client:
        yield client


@pytest.fixture(scope="module")
def dag_run(client: Any) -> Any:
    client.wait_for_dag(DAG)
    return client.trigger(DAG).run_id


@pytest.fixture(scope="module")
def http(airflow: Any) -> Iterator[Any]:
    with httpx.Client(base_url=airflow.url, timeout=30, trust_env=False) as http:
        yield http


@pytest.fixture(scope="module")
def token(http: Any) -> Any:
    def log_in(name: str) -> str:
        (user,) = [user for user in USERS if user.name == name]
        answer = http.post("/auth/token", json={"username": name, "password": user.password})
        return str(answer.json()["access_token"])

    return log_in


@pytest.fixture(scope="module")
def push(http: Any, token: Any) -> Any:
    bearer = token("user")

    def post(
        caller: AirflowCaller, body: Any = None, authorization: str | None = f"Bearer {bearer}"
    ) -> httpx.Response:
        if body is None:
            body = {"try_number": caller.try_number, "outcome": outcome_for(caller)}
        answer: httpx.Response = http.post(
            f"/jetbridge/v1/task-instances/{caller.ti_id}/outcome",
            json=body,
            headers={"Authorization": authorization} if authorization else {},
        )
        return answer

    return post


@pytest.fixture(scope="module")
def deferred(client: Any, dag_run: Any, runs: EndlessRuns) -> Any:
    """Wait until a task is deferred, and until it may be resumed."""

    def wait(task_id: str, try_number: int = 1, but: str = "") -> AirflowCaller:
        caller = runs.caller(task_id, try_number, but)
        until(lambda: state(client, dag_run, task_id) == "deferred")
        return caller

    return wait


def state(client: Any, dag_run: str, task_id: str) -> str | None:
    (task,) = [task for task in client.tasks(DAG, dag_run) if task.task_id == task_id]
    found: str | None = task.state
    return found


def pushed_until_resumed(push: Any, caller: AirflowCaller, body: Any = None) -> None:
    """Push as Jetbridge does: again after Retry-After seconds."""
    deadline = time.monotonic() + 240
    while (answer := push(caller, body)).status_code == 425:
        assert time.monotonic() < deadline
        time.sleep(int(answer.headers["Retry-After"]))
    assert (answer.status_code, answer.json()) == (200, {"status": "resumed"})


def test_only_who_may_edit_task_instances_may_push(push: Any, token: Any, deferred: Any) -> None:
    caller = deferred("concurrent")
    assert push(caller, authorization=None).status_code == 401
    assert push(caller, authorization="Bearer nonsense").status_code == 403
    assert push(caller, authorization=f"Bearer {expired(token('user'))}").status_code == 401
    assert push(caller, authorization=f"Bearer {token('viewer')}").status_code == 403
    # An unknown task instance tells nothing to those without permission.
    assert push(ABSENT, authorization=f"Bearer {token('viewer')}").status_code == 403
    for name in ("user", "op", "admin"):
        assert push(ABSENT, authorization=f"Bearer {token(name)}").status_code == 410


def test_the_endpoint_shows_its_schema_to_nobody(http: Any) -> None:
    for path in ("openapi.json", "docs", "redoc", ""):
        assert http.get(f"/jetbridge/{path}").status_code == 404


PANEL = "/jetbridge/panel/task-instance"


@pytest.fixture(scope="module")
def panel(http: Any, token: Any) -> Any:
    """Open the panel of a task's newest try, as this user."""

    def get(caller: AirflowCaller, user: str | None = "viewer", **asked: str) -> httpx.Response:
        named = {"dag_id": caller.dag_id, "run_id": caller.run_id, "task_id": caller.task_id}
        headers = {"Authorization": f"Bearer {token(user)}"} if user else {}
        answer: httpx.Response = http.get(PANEL, params=named | asked, headers=headers)
        return answer

    return get


def test_the_panel_shows_a_run_to_who_may_read_the_dag(
    panel: Any, runs: EndlessRuns, deferred: Any
) -> None:
    caller = deferred("concurrent")
    reason = "<script>alert(1)</script>"
    runs.ended[caller.key] = decode(Outcome, outcome_for(caller, reason=reason, **FAILED))
    assert panel(caller, user=None).status_code == 401
    for user in ("viewer", "admin"):
        answer = panel(caller, user=user, map_index="{MAP_INDEX}")
        assert answer.status_code == 200, answer.text
        assert "failed: application exit" in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text
        assert reason not in answer.text
        assert "Airflow starts the try" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert panel(ABSENT).status_code == 404


def test_the_panel_says_that_the_table_cannot_be_read_and_shows_the_stored_links(
    panel: Any, runs: EndlessRuns, deferred: Any
) -> None:
    caller = deferred("attached")
    answer = panel(caller)
    assert answer.status_code == 200, answer.text
    assert "API server can&#39;t read the run" in answer.text
    assert "aws_default" in answer.text
    assert ">Jetbridge run</a>" in answer.text


def test_airflow_shows_the_panel_from_3_1_on(airflow: Any, http: Any, token: Any) -> None:
    answer = http.get("/api/v2/plugins", headers={"Authorization": f"Bearer {token('admin')}"})
    [plugin] = [each for each in answer.json()["plugins"] if each["name"] == "jetbridge"]
    apps = [each["url_prefix"] for each in plugin["fastapi_apps"]]
    assert apps == ["/jetbridge/panel", "/jetbridge"]
    for view in plugin.get("external_views", []):
        assert (view["name"], view["destination"]) == ("Jetbridge", "task_instance")
        assert view["href"].startswith(f"{PANEL.removeprefix('/')}?dag_id={{DAG_ID}}")


def test_what_cannot_be_read_is_refused(push: Any, http: Any, token: Any, deferred: Any) -> None:
    caller = deferred("concurrent")
    whole: dict[str, Any] = {"try_number": 1, "outcome": outcome_for(caller)}
    person = {"kind": "person", "name": "somebody"}
    for body, complaint in (
        ([], "expected `object`"),
        ({"try_number": 1}, "outcome"),
        ({**whole, "try_number": "1"}, "try_number"),
        ({**whole, "more": 1}, "more"),
        ({**whole, "outcome": {"run_id": "r"}}, "state"),
        ({**whole, "outcome": {**whole["outcome"], "caller": person}}, "outcome.caller"),
        ({**whole, "outcome": outcome_for(caller, result="x" * 600_000)}, "bytes"),
    ):
        answer = push(caller, body)
        assert (answer.status_code, complaint in answer.text) == (422, True), answer.text
    headers = {"Authorization": f"Bearer {token('user')}"}
    path = f"/jetbridge/v1/task-instances/{caller.ti_id}/outcome"
    assert http.post(path, content=b"{", headers=headers).status_code == 422
    assert (
        http.post(path.replace(caller.ti_id, "7"), json=whole, headers=headers).status_code == 422
    )
    other_task = decode(AirflowCaller, {**to_builtins(caller), "task_id": "is-cleared"})
    answer = push(caller, {**whole, "outcome": outcome_for(other_task)})
    assert (answer.status_code, "outcome.caller" in answer.text) == (422, True)


def test_a_task_that_has_not_deferred_yet_is_too_early(
    push: Any, client: Any, dag_run: Any, runs: EndlessRuns
) -> None:
    caller = runs.caller("starts-slowly")
    assert state(client, dag_run, "starts-slowly") == "running"
    answer = push(caller)
    assert (answer.status_code, answer.headers["Retry-After"]) == (425, "15")
    runs.let_go.set()
    until(lambda: state(client, dag_run, "starts-slowly") == "deferred")
    answer = push(caller)
    assert answer.status_code == 425
    assert 1 <= int(answer.headers["Retry-After"]) <= 15
    pushed_until_resumed(push, caller)
    until(lambda: state(client, dag_run, "starts-slowly") == "success")
    (only,) = client.tries(DAG, dag_run, "starts-slowly")
    assert only.state == "success"


def test_pushes_at_once_resume_once(push: Any, client: Any, dag_run: Any, deferred: Any) -> None:
    caller = deferred("concurrent")
    until(lambda: push(caller, unknown_run(caller)).status_code == 409)
    together = threading.Barrier(8)

    def one(_: int) -> int:
        together.wait()
        while (answer := push(caller)).status_code == 425:
            time.sleep(int(answer.headers["Retry-After"]))
        return int(answer.status_code)

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(one, range(8))) == [200] + [409] * 7
    until(lambda: state(client, dag_run, "concurrent") == "success")
    assert push(caller).status_code == 409
    assert client.xcom(DAG, dag_run, "concurrent") == {"rows": 3, "city": "Zürich"}
    story = [line.event for line in client.log(DAG, dag_run, "concurrent", 1)]
    assert sum(f"Run {run_of(caller)} succeeded" in line for line in story) == 1
    assert not any("state mismatch" in line for line in story)


def unknown_run(caller: AirflowCaller) -> dict[str, Any]:
    """The outcome of a run that the task doesn't wait for."""
    return {"try_number": 1, "outcome": outcome_for(caller, run_id="another-run")}


def test_a_resumed_task_is_not_resumed_again(
    push: Any, client: Any, dag_run: Any, deferred: Any
) -> None:
    caller = deferred("resumes-slowly")
    outcome = outcome_for(caller)
    body = {"try_number": 1, "outcome": outcome}
    pushed_until_resumed(push, caller, body)
    seen = set()
    for _ in looks(120):
        if (now := state(client, dag_run, "resumes-slowly")) == "success":
            break
        answer = push(caller, body)
        assert answer.status_code == 409, (now, answer.text)
        seen.add(now)
    assert (now, "running" in seen) == ("success", True)
    event = client.xcom(DAG, dag_run, "resumes-slowly", "event")
    assert event.pop("waits_since") < time.time()
    # What the amazon provider's trigger sends (triggers/ecs.py, TaskDoneTrigger).
    stock = {"status": "success", "task_arn": outcome["backend_id"], "cluster": "c"}
    assert event == {"run_id": run_of(caller), "outcome": outcome, **stock}


def test_a_stale_try_is_gone_and_retries_are_airflows(
    push: Any, client: Any, dag_run: Any, deferred: Any
) -> None:
    first = deferred("fails-once")
    failure = {"try_number": 1, "outcome": outcome_for(first, **FAILED)}
    pushed_until_resumed(push, first, failure)
    second = deferred("fails-once", try_number=2)
    assert push(first, failure).status_code == 410
    mixed = {"try_number": 1, "outcome": outcome_for(first, **FAILED)}
    assert push(second, mixed).status_code == 410
    pushed_until_resumed(push, second)
    until(lambda: state(client, dag_run, "fails-once") == "success")
    assert [one.state for one in client.tries(DAG, dag_run, "fails-once")] == ["failed", "success"]


def test_a_cleared_try_is_gone(push: Any, client: Any, dag_run: Any, deferred: Any) -> None:
    first = deferred("is-cleared")
    client.clear(DAG, dag_run, "is-cleared")
    assert push(first).status_code == 410
    second = deferred("is-cleared", try_number=2, but=first.ti_id)
    assert push(first).status_code == 410
    pushed_until_resumed(push, second)
    until(lambda: state(client, dag_run, "is-cleared") == "success")


def test_a_try_that_attached_gets_the_run_of_the_earlier_one(
    push: Any, client: Any, dag_run: Any, deferred: Any
) -> None:
    caller = deferred("attached")
    earlier = decode(AirflowCaller, {**to_builtins(caller), "ti_id": ABSENT_TRY, "try_number": 0})
    outcome = outcome_for(earlier, run_id=run_of(caller))
    pushed_until_resumed(push, caller, {"try_number": 1, "outcome": outcome})
    until(lambda: state(client, dag_run, "attached") == "success")


def test_the_endpoint_answers_at_once(push: Any) -> None:
    took = []
    for _ in range(21):
        began = time.monotonic()
        assert push(ABSENT).status_code == 410
        took.append(time.monotonic() - began)
    # Other programs only add time.
    assert min(took) < 0.1


def expired(token: str) -> str:
    """The token as it will be when its time is over."""
    head, claims, _ = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    long_ago = {"iat": 1_700_000_000, "nbf": 1_700_000_000, "exp": 1_700_000_100}
    signed = f"{head}.{_base64(json.dumps(content | long_ago).encode())}"
    signature = hmac.digest(JWT_SECRET.encode(), signed.encode(), hashlib.sha512)
    return f"{signed}.{_base64(signature)}"


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
