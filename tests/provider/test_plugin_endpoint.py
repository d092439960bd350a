"""The push endpoint's HTTP side; Airflow's users and its database are stand-ins."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.api_fastapi.core_api import security
from fastapi import HTTPException
from fastapi.testclient import TestClient
from msgspec.structs import replace

from airflow_provider_jetbridge.plugins import endpoint
from airflow_provider_jetbridge.plugins.fence import TRIGGER, TaskTry, Waiting
from jetbridge.contract import Outcome, encode, to_builtins

TI_ID = "0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b11"
PATH = f"/v1/task-instances/{TI_ID}/outcome"


class FakeTask:
    def __init__(self, **waiting: Any) -> None:
        self.events: list[Any] = []
        self._waiting: dict[str, Any] = {
            "trigger": TRIGGER,
            "run_id": "01k8run",
            "attached_try": None,
            "waits_since": 12.5,
        }
        self._waiting |= {"seconds": 60.0} | waiting

    def read(self) -> TaskTry:
        return TaskTry(
            ti_id=TI_ID,
            try_number=2,
            dag_id="dag",
            run_id="scheduled__2026-01-01T00:00:00+00:00",
            task_id="job",
            map_index=-1,
            state="deferred",
            next_method="execute_complete",
            resumed_with=None,
            waiting=Waiting(**self._waiting),
        )

    def resume(self, payload: Any) -> None:
        self.events.append(payload)


class AuthManager:
    """Lets one user edit task instances of one DAG."""

    def is_authorized_dag(
        self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None
    ) -> bool:
        self.asked = (method, access_entity.name, details.id, user.get_name())
        return self.asked == ("PUT", "TASK_INSTANCE", "dag", "jetbridge")


@pytest.fixture
def auth_manager(monkeypatch: pytest.MonkeyPatch) -> AuthManager:
    auth_manager = AuthManager()
    monkeypatch.setattr(security, "get_auth_manager", lambda: auth_manager)
    # From Airflow 3.1 on it asks the database for the DAG's team.
    if hasattr(security, "DagModel"):
        monkeypatch.setattr(security.DagModel, "get_team_name", lambda dag_id: None, raising=False)
    return auth_manager


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeTask]:
    tasks = {TI_ID: FakeTask()}

    @contextmanager
    def locked_task(ti_id: Any) -> Iterator[Any]:
        yield tasks.get(str(ti_id))

    monkeypatch.setattr(endpoint, "locked_task", locked_task)
    return tasks


@pytest.fixture
def client(auth_manager: AuthManager, tasks: dict[str, FakeTask]) -> Iterator[TestClient]:
    user = SimpleNamespace(get_name=lambda: "jetbridge")
    endpoint.app.dependency_overrides[security.get_user] = lambda: user
    yield TestClient(endpoint.app)
    endpoint.app.dependency_overrides.clear()


def body(outcome: Any, **changes: Any) -> dict[str, Any]:
    return {"try_number": 2, "outcome": to_builtins(outcome), **changes}


def test_the_event_is_exactly_the_triggers(
    client: TestClient, tasks: dict[str, FakeTask], make_outcome: Callable[..., Outcome]
) -> None:
    outcome = make_outcome(result={"city": "Zürich", "rows": [1, 2.5, None]})
    sealed = json.loads(encode(outcome)) | {"a field of a newer version": {"x": 1}}
    answer = client.post(PATH, json={"try_number": 2, "outcome": sealed})
    assert (answer.status_code, answer.json()) == (200, {"status": "resumed"})
    assert tasks[TI_ID].events == [{"run_id": "01k8run", "outcome": sealed, "waits_since": 12.5}]


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        (str(2**64), str(2**64)),
        ('["a\\u0000"]', ["a�"]),
        ("[1e999]", ["1e999"]),
        ('{"__id__":1}', '{"__id__": 1}'),
        ("[" * 40 + "]" * 40, "[" * 40 + "]" * 40),
    ],
)
def test_what_airflow_cannot_carry_is_text_in_the_event(
    client: TestClient,
    tasks: dict[str, FakeTask],
    make_outcome: Callable[..., Outcome],
    printed: str,
    value: Any,
) -> None:
    sealed = f'{encode(make_outcome())[:-1]},"result":{printed}}}'
    answer = client.post(PATH, content=f'{{"try_number": 2, "outcome": {sealed}}}')
    assert answer.status_code == 200
    [event] = tasks[TI_ID].events
    assert event["outcome"]["result"] == value
    assert "Airflow can't carry" in event["outcome"]["advice"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"try_number": 2, "outcome": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"try_number": 2, "outcome": {"x": ' + b"[" * 99 + b"]" * 99 + b"}}",
        b'{"try_number": 2, "outcome": {"caller": {"kind": "\\ud800"}}}',
        b'{"try_number": 2, "outcome": {"result": "\\ud800"}}',
        b'{"try_number": 2, "outcome": {"result": NaN}}',
        b'{"try_number": 18446744073709551616, "\\ud800": 1, "outcome": {}}',
        b'{"try_number": 2, "outcome": {"reason": "\xff\xfe"}}',
        b'{"try_number": 2, "outcome": {"\xc3": 1}}',
        b'{"try_number": 2, "outcome": "\xed\xa0\x80"}',
    ],
)
def test_a_hostile_body_is_refused(
    client: TestClient, tasks: dict[str, FakeTask], content: Any
) -> None:
    assert client.post(PATH, content=content).status_code == 422
    assert tasks[TI_ID].events == []


def test_a_try_that_attached_is_named_in_the_event(
    client: TestClient, tasks: dict[str, FakeTask], make_outcome: Callable[..., Outcome]
) -> None:
    tasks[TI_ID] = FakeTask(attached_try=[TI_ID, 2])
    assert client.post(PATH, json=body(make_outcome())).status_code == 200
    assert tasks[TI_ID].events[0]["attached_try"] == [TI_ID, 2]


def test_permission_is_asked_for_the_dag_of_the_outcome(
    client: TestClient,
    auth_manager: AuthManager,
    tasks: dict[str, FakeTask],
    make_outcome: Callable[..., Outcome],
) -> None:
    caller = make_outcome().caller
    for dag_id, status in (("dag", 200), ("somebody-elses", 403)):
        outcome = make_outcome(caller=replace(caller, dag_id=dag_id))
        answer = client.post(PATH, json=body(outcome))
        assert answer.status_code == status
        assert auth_manager.asked == ("PUT", "TASK_INSTANCE", dag_id, "jetbridge")
    assert len(tasks[TI_ID].events) == 1


def test_who_may_not_is_refused_before_anything_is_looked_up(
    client: TestClient, tasks: dict[str, FakeTask], make_outcome: Callable[..., Outcome]
) -> None:
    tasks.clear()
    caller = replace(make_outcome().caller, dag_id="somebody-elses")
    answer = client.post(PATH, json=body(make_outcome(caller=caller)))
    assert answer.status_code == 403


def test_an_unknown_user_sends_no_body(
    client: TestClient, make_outcome: Callable[..., Outcome]
) -> None:
    def nobody() -> None:
        raise HTTPException(401, "Not authenticated")

    endpoint.app.dependency_overrides[security.get_user] = nobody

    def endless() -> Iterator[Any]:
        yield b"{"
        raise AssertionError("the body was read")

    assert client.post(PATH, content=endless()).status_code == 401


def test_the_answer_to_an_early_push_says_when_to_repeat_it(
    client: TestClient, tasks: dict[str, FakeTask], make_outcome: Callable[..., Outcome]
) -> None:
    tasks[TI_ID] = FakeTask(seconds=3.5)
    answer = client.post(PATH, json=body(make_outcome()))
    assert (answer.status_code, answer.headers["Retry-After"]) == (425, "12")
    assert tasks[TI_ID].events == []


def test_an_unknown_task_instance_is_gone(
    client: TestClient, tasks: dict[str, FakeTask], make_outcome: Callable[..., Outcome]
) -> None:
    tasks.clear()
    answer = client.post(PATH, json=body(make_outcome()))
    assert (answer.status_code, "Retry-After" in answer.headers) == (410, False)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not JSON"),
        (b"[]", "expected `object`"),
        (b'{"try_number": 2, "outcome": 7}', "expected `object`"),
        (b'{"try_number": 2}', "outcome"),
        (b"\xff", "message"),
    ],
)
def test_what_cannot_be_read_names_the_field(
    client: TestClient, content: bytes, complaint: str
) -> None:
    answer = client.post(PATH, content=content)
    assert (answer.status_code, complaint in answer.json()["detail"]) == (422, True)


def test_a_body_without_end_is_refused_on_the_way(client: TestClient) -> None:
    sent = []

    def endless() -> Iterator[Any]:
        for _ in range(100):
            sent.append(1)
            yield b" " * 65_536

    answer = client.post(PATH, content=endless())
    assert (answer.status_code, "524288" in answer.json()["detail"]) == (422, True)


def test_the_largest_outcome_passes(
    client: TestClient, make_outcome: Callable[..., Outcome]
) -> None:
    outcome = make_outcome(result="x" * (400 * 1024))
    assert client.post(PATH, json=body(outcome)).status_code == 200
