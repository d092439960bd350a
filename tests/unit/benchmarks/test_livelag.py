"""The figures of livelag, from lines and when they were seen."""

import time

import pytest

from benchmarks.errors import BenchmarkFailed
from benchmarks.livelag import figures, table, watching
from benchmarks.livelag.watching import Watched, watch
from jetbridge_local.airflow import LogLine


def _watched(backend: str, lags: list[float], ended: float = 1e9) -> Watched:
    printed = {number: 100.0 + number for number in range(len(lags))}
    seen = {number: printed[number] + lag for number, lag in enumerate(lags)}
    return Watched(backend=backend, printed=printed, seen=seen, ended=ended)


def test_figures_are_over_all_lines_and_per_backend() -> None:
    measured = [
        _watched("ecs", [1.0, 2.0, 3.0, 4.0]),
        _watched("batch", [5.0, 6.0, 7.0, 8.0], ended=107.5),
    ]
    assert figures(measured) == {
        "p50_s": 4.0,
        "p95_s": 8.0,
        "lines": 8,
        "seen_while_running": 6,
        "ecs_p50_s": 2.0,
        "ecs_p95_s": 4.0,
        "batch_p50_s": 6.0,
        "batch_p95_s": 8.0,
    }
    assert table(measured, measured).row_count == 4


class _Airflow:
    """A log that gets a line with each look, of a run that ends after ``looks`` of them."""

    def __init__(self, looks: int) -> None:
        self.looks, self.left = 0, looks

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, int]) -> None:
        self.triggered = (dag_id, run_id, conf)

    def tasks(self, dag_id: str, run_id: str) -> list["_Airflow"]:
        return [self]

    try_number = 1

    def log(self, *_: object) -> list[LogLine]:
        self.looks += 1
        ticks = [LogLine(event=f"tick {n} {100 + n}.5") for n in range(self.looks)]
        return [LogLine(event="Pausing task as DEFERRED."), *ticks]

    def dag_run(self, *_: object) -> "_Airflow":
        return self

    @property
    def finished(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_line_is_seen_with_the_first_answer_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(float(n) for n in range(200, 300))
    monkeypatch.setattr(time, "time", lambda: next(now))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    airflow = _Airflow(looks=2)
    watched = watch(airflow, "ecs", "r", 3, 7, str)  # type: ignore[arg-type]
    assert airflow.triggered == ("livelag_ecs", "r", {"lines": 3, "seed": 7})
    assert watched.printed == {0: 100.5, 1: 101.5, 2: 102.5}
    assert watched.seen == {0: 200.0, 1: 201.0, 2: 202.0}
    assert watched.ended == 203.0
    assert watched.live == 3


def test_missing_lines_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(watching, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(_Airflow, "log", lambda *_: [])
    with pytest.raises(BenchmarkFailed, match="ecs: only 0 of 3 lines"):
        watch(_Airflow(looks=0), "ecs", "r", 3, 7, str)  # type: ignore[arg-type]
