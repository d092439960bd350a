"""Runs started at their times, by an Airflow that may refuse one."""

from typing import Any

import pytest

from benchmarks.lag.plan import Kind, PlannedRun
from benchmarks.lag.sending import send, wait
from jetbridge_local.airflow import AirflowError

RUNS = [
    PlannedRun(name=f"run-{number}", kind=Kind.FLOOR, after=10.0 * number, seconds=20.5)
    for number in range(3)
]


class FakeAirflow:
    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.started: list[tuple[str, str, dict[str, Any]]] = []
        self.waited: list[tuple[str, float]] = []

    def trigger(self, dag_id: str, *, run_id: str, conf: dict[str, Any]) -> None:
        if run_id == self.refuses:
            raise AirflowError("database is locked")
        self.started.append((dag_id, run_id, conf))

    def wait_for_dag_run(self, dag_id: str, run_id: str, timeout: float) -> None:
        self.waited.append((run_id, timeout))
        if run_id == self.refuses:
            raise AirflowError("hasn't ended")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping advances, and the seconds of each sleep."""
    naps: list[float] = []
    monkeypatch.setattr("benchmarks.lag.sending.time.sleep", naps.append)
    monkeypatch.setattr("benchmarks.lag.sending.time.monotonic", lambda: 1000.0 + sum(naps))
    return naps


def test_each_run_is_started_at_its_time_with_its_seconds(slept: list[float]) -> None:
    airflow = FakeAirflow()
    assert send(airflow, RUNS, str) == {}  # type: ignore[arg-type]
    assert slept == [0.0, 10.0, 10.0]
    assert airflow.started == [("lag_floor", run.name, {"seconds": 20.5}) for run in RUNS]


def test_a_refused_start_is_reported_and_the_others_are_still_sent(slept: list[float]) -> None:
    airflow = FakeAirflow(refuses="run-1")
    refused = send(airflow, RUNS, str)  # type: ignore[arg-type]
    assert [run.name for run in refused] == ["run-1"]
    assert [name for _, name, _ in airflow.started] == ["run-0", "run-2"]


def test_a_run_that_does_not_end_keeps_none_from_being_waited_for(slept: list[float]) -> None:
    airflow = FakeAirflow(refuses="run-0")
    wait(airflow, RUNS, 60.0, str)  # type: ignore[arg-type]
    assert airflow.waited == [("run-0", 60.0), ("run-1", 60.0), ("run-2", 60.0)]
