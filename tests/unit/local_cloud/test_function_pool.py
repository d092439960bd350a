"""Which invocations start environments; environments here are none that run."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jetbridge_local.functions import pool as pool_module
from jetbridge_local.functions.environment import EnvironmentFailed
from jetbridge_local.functions.interpreter import Interpreter
from jetbridge_local.functions.pool import FunctionPool
from jetbridge_local.functions.runtime_api import Answer
from jetbridge_local.functions.spec import Credentials, FunctionSpec

AT_ONCE = max(2, os.cpu_count() or 2)
CROWD = 5 * AT_ONCE


class Environments:
    """Counts starts, each of which takes until ``ready``, and invocations, until ``over``."""

    def __init__(self) -> None:
        self.ready, self.over = threading.Event(), threading.Event()
        self.started: list[str] = []
        self.fails = False
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)

    def __call__(self, spec: FunctionSpec, *_: object) -> Any:
        outer = self
        with self._changed:
            self.started.append(spec.name)
            self._changed.notify_all()

        class Environment:
            usable, memory_used, init_seconds, log_stream = True, 1, 0.1, "stream"
            idle_since = 0.0

            def __init__(self) -> None:
                self.spec = spec

            def wait_ready(self) -> None:
                assert outer.ready.wait(60)
                if outer.fails:
                    raise EnvironmentFailed({"errorType": "Runtime.ExitError", "errorMessage": ""})

            def invoke(self, *_: object) -> Answer:
                assert outer.over.wait(60)
                return Answer("done", failed=False)

            def take_lines(self) -> list[Any]:
                return []

        return Environment()

    @staticmethod
    def close(environment: object) -> None:
        return

    def wait_started(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.started) >= number, 60)


class NoLogs:
    def ensure_stream(self, *_: object, **__: object) -> None: ...
    def put(self, *_: object) -> None: ...


def spec(name: str = "f") -> FunctionSpec:
    return FunctionSpec(
        arn=f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
        name=name,
        version="$LATEST",
        runtime="python3.13",
        handler="app.handler",
        timeout=3,
        memory=128,
        account="000000000000",
        region="us-east-1",
        code=Path("/nowhere"),
        layers=(),
        environment=(),
        log_group="group",
        log_format="Text",
        credentials=Credentials(access_key_id="a", secret_access_key="b", session_token="c"),
    )


@pytest.fixture
def environments(monkeypatch: pytest.MonkeyPatch) -> Environments:
    made = Environments()
    monkeypatch.setattr(pool_module, "Environment", made)
    return made


Invoke = Callable[[int, str], list["Future[Any]"]]


@pytest.fixture
def invoke(environments: Environments) -> Iterator[Invoke]:
    """Begin this many invocations of a function at the same time."""
    sinks: Any = {"logs": NoLogs(), "processes": None}
    interpreter = Interpreter(Path("python"), "python3.13")
    pool = FunctionPool(interpreter, endpoint_url="http://127.0.0.1:9", **sinks)
    with ThreadPoolExecutor(4 * CROWD) as threads:
        yield lambda number, name: [
            threads.submit(pool.invoke, spec(name), "id", {}) for _ in range(number)
        ]
        environments.ready.set()
        environments.over.set()
    pool.close()


def test_a_crowd_of_short_invocations_shares_the_few_that_start(
    environments: Environments, invoke: Invoke
) -> None:
    environments.over.set()
    begun = invoke(CROWD, "f")
    environments.wait_started(AT_ONCE)
    assert len(environments.started) == AT_ONCE
    environments.ready.set()
    assert [each.result(60).payload for each in begun] == ["done"] * CROWD
    assert len(environments.started) < CROWD


def test_each_of_many_long_invocations_has_its_own(
    environments: Environments, invoke: Invoke
) -> None:
    environments.ready.set()
    begun = invoke(CROWD, "f")
    environments.wait_started(CROWD)
    environments.over.set()
    assert [each.result(60).failed for each in begun] == [False] * CROWD
    assert len(environments.started) == CROWD


def test_a_start_that_fails_gives_its_turn_back(environments: Environments, invoke: Invoke) -> None:
    environments.fails = True
    environments.ready.set()
    begun = invoke(CROWD, "f")
    assert [each.result(60).failed for each in begun] == [True] * CROWD


def test_a_start_that_waits_for_another_function_is_no_deadlock(
    environments: Environments, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All turns are taken by starts, which end when the other has been started."""
    monkeypatch.setattr(pool_module, "_TURN_SECONDS", 0.1)
    begun = invoke(AT_ONCE, "waits")
    environments.wait_started(AT_ONCE)
    begun += invoke(1, "other")
    environments.wait_started(AT_ONCE + 1)
    assert environments.started[-1] == "other"
    environments.ready.set()
    environments.over.set()
    assert [each.result(60).failed for each in begun] == [False] * (AT_ONCE + 1)
