"""When each line of a run is first seen in Airflow's log API."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.errors import BenchmarkFailed
from jetbridge_local.airflow import AirflowClient, LogLine
from jetbridge_local.site.progress import Say

TASK = "job"
# Between an answer and the next question: part of each lag.
LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 120.0
_TICK = "tick "


@dataclass(frozen=True, kw_only=True)
class Watched:
    """``printed`` and ``seen`` are seconds since the epoch by line number; a line that was never
    seen has no entry in ``seen``. ``ended``: when the DAG run had ended."""

    backend: str
    printed: Mapping[int, float]
    seen: Mapping[int, float]
    ended: float

    @property
    def lags(self) -> list[float]:
        return [self.seen[number] - self.printed[number] for number in sorted(self.seen)]

    @property
    def live(self) -> int:
        """Lines that were seen before the run had ended."""
        return sum(seen < self.ended for seen in self.seen.values())


def watch(
    client: AirflowClient, backend: str, name: str, lines: int, seed: int, say: Say
) -> Watched:
    """Start a run and look at its log until it has ended.

    A line counts as seen when the answer that has it has come. Raises BenchmarkFailed if a line
    is missing at the end, or the run doesn't end.
    """
    dag_id = f"livelag_{backend}"
    client.trigger(dag_id, run_id=name, conf={"lines": lines, "seed": seed})
    printed: dict[int, float] = {}
    seen: dict[int, float] = {}
    ended = None
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while ended is None or len(seen) < lines:
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"{backend}: only {len(seen)} of {lines} lines were seen")
        ticks = (
            _ticks(client.log(dag_id, name, TASK, 1)) if _has_begun(client, dag_id, name) else {}
        )
        now = time.time()
        for number, at in ticks.items():
            printed.setdefault(number, at)
            seen.setdefault(number, now)
        say(f"{backend}: {len(seen)} of {lines} lines seen")
        if ended is None and client.dag_run(dag_id, name).finished:
            ended = time.time()
        time.sleep(LOOK_SECONDS)
    return Watched(backend=backend, printed=printed, seen=seen, ended=ended)


def _has_begun(client: AirflowClient, dag_id: str, name: str) -> bool:
    return any(task.try_number for task in client.tasks(dag_id, name))


def _ticks(log: list[LogLine]) -> dict[int, float]:
    """When each numbered line says that it was printed."""
    found = {}
    for line in log:
        if line.event.startswith(_TICK):
            _, number, printed = line.event.split()
            found[int(number)] = float(printed)
    return found
