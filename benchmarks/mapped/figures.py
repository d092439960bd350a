"""Whether each task finished once, and what it took, from what was read back."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.mapped.database import Instance
from benchmarks.mapped.processors import SUPERVISORS, TASKS, Spent
from benchmarks.mapped.triggerers import Use
from benchmarks.mapped.workloads import Workload

MEGABYTE = 1e6
PHASES = 2
"""Processes of a deferrable task: ``execute``, and ``execute_complete``."""
_WATCHING = ("ecs:", "batch:", "logs:")


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Everything that was read back about one DAG run.

    ``launches``: ECS tasks by their number, which is the map index. ``succeeded``: task instances
    that succeeded, as Airflow's API has it. ``idle`` before the DAG run, ``before`` and ``after``
    the time in which all waited, ``last`` at its end. ``steady_calls``: Airflow's in that time,
    by operation; ``calls``: all of them. ``waited``: how many tasks waited then. ``whole``: what
    was used from the DAG run's start, and ``ending`` from the containers' release, until the last
    log was uploaded; ``burst`` from the release to the last task's end.
    """

    tasks: int
    waited: int
    began: float
    released: float
    instances: Sequence[Instance]
    succeeded: int
    workloads: Mapping[str, Sequence[Workload]]
    launches: Mapping[int, int]
    idle: Use
    before: Use
    after: Use
    last: Use
    whole: Spent
    ending: Spent
    burst: Spent
    steady_calls: Counter[str]
    calls: Counter[str]
    throttled: int
    stops: int
    mismatches: int
    heartbeat_gaps: Sequence[float]
    cold_heartbeat_gaps: Sequence[float]
    shares: Sequence[int]
    failovers: int
    claimed_twice: int
    s3_requests: int
    unfinished: int = field(default=0)

    @property
    def seconds(self) -> float:
        """From the DAG run's start to the last task's end."""
        return max((each.end or 0.0 for each in self.instances), default=self.began) - self.began

    @property
    def burst_seconds(self) -> float:
        """From the containers' release to the last task's end."""
        return self.began + self.seconds - self.released

    @property
    def steady_seconds(self) -> float:
        return self.after.at - self.before.at

    def defects(self) -> Counter[str]:
        """Why task instances aren't counted as finished once: one reason each."""
        reasons = (self._defect(each) for each in self.instances)
        found = Counter(reason for reason in reasons if reason)
        if missing := self.tasks - len(self.instances):
            found["missing"] = missing
        return found

    def finished_once(self) -> int:
        return self.tasks - sum(self.defects().values())

    def _defect(self, each: Instance) -> str:
        phases = self.workloads.get(each.ti_id, ())
        if each.state != "success":
            return str(each.state)
        if each.try_number != 1 or each.earlier_tries:
            return f"{each.try_number + each.earlier_tries} tries"
        if len(phases) != PHASES or any(phase.exit_code for phase in phases):
            return f"{len(phases)} processes"
        launched = self.launches.get(each.map_index, 0)
        return "" if launched == 1 else f"{launched} launches"


def _of_each_process(crowd: Crowd, middle: Callable[[Iterable[float]], float]) -> list[float]:
    """A mean of each of a task's processes, in their order."""
    whole = [phases for phases in crowd.workloads.values() if len(phases) == PHASES]
    return [
        round(middle([phases[number].seconds for phases in whole]), 2)
        for number in range(PHASES if whole else 0)
    ]


def _per_task(spent: Spent, tasks: int, prefix: str) -> dict[str, Any]:
    """CPU seconds a task; None for what no processor time was found of."""
    worker = spent.airflow[TASKS] + spent.airflow[SUPERVISORS]
    return {
        f"{prefix}airflow_cpu_s_per_task": _each(sum(spent.airflow.values()), tasks),
        f"{prefix}airflow_cpu_s_per_task_by_component": {
            name: round(seconds / tasks, 3) for name, seconds in sorted(spent.airflow.items())
        },
        f"{prefix}worker_cpu_s_per_task": _each(worker, tasks),
        f"{prefix}cloud_cpu_s_per_task": _each(spent.cloud, tasks),
    }


def _each(seconds: float, tasks: int) -> float | None:
    return round(seconds / tasks, 3) if seconds > 0 else None


def figures(crowd: Crowd, prefix: str = "") -> dict[str, Any]:
    """As the module `benchmarks.mapped` explains them."""
    held = [sum(phase.seconds for phase in phases) for phases in crowd.workloads.values()]
    tasks = max(1, crowd.waited)
    steady = crowd.after.cpu_seconds - crowd.before.cpu_seconds
    watching = sum(
        count for name, count in crowd.steady_calls.items() if name.startswith(_WATCHING)
    )
    found = {
        "tasks": crowd.tasks,
        "finished_once": crowd.finished_once(),
        "succeeded_by_api": crowd.succeeded,
        "failed": sum(each.state == "failed" for each in crowd.instances),
        "unfinished": crowd.unfinished,
        "waited_at_once": crowd.waited,
        "seconds": round(crowd.seconds, 1),
        "burst_seconds": round(crowd.burst_seconds, 1),
        "burst_s_per_task": round(crowd.burst_seconds / crowd.tasks, 3),
        "burst_processors": round(crowd.burst.processors, 2),
        **_per_task(crowd.whole, crowd.tasks, ""),
        **_per_task(crowd.ending, crowd.tasks, "burst_"),
        "triggerer_cpu_s": round(crowd.last.cpu_seconds - crowd.idle.cpu_seconds, 1),
        "triggerer_cpu_percent_waiting": round(100 * steady / crowd.steady_seconds, 1),
        "rss_mb_per_task": round((crowd.after.rss - crowd.idle.rss) / MEGABYTE / tasks, 3),
        "steady_seconds": round(crowd.steady_seconds, 1),
        "aws_calls_while_running": sum(crowd.steady_calls.values()),
        "aws_calls_a_minute": round(60 * sum(crowd.steady_calls.values()) / crowd.steady_seconds),
        "watching_calls_while_running": watching,
        "aws_calls_while_running_by_operation": dict(crowd.steady_calls.most_common()),
        "aws_calls": sum(crowd.calls.values()),
        "aws_calls_by_operation": dict(crowd.calls.most_common()),
        "ecs_calls_refused": crowd.throttled,
        "worker_s_per_task": round(sum(held) / max(1, len(held)), 2),
        "worker_s_of_each_process": _of_each_process(crowd, statistics.fmean),
        "worker_p50_s_of_each_process": _of_each_process(crowd, statistics.median),
        "launched_twice": sum(count > 1 for count in crowd.launches.values()),
        "stop_calls": crowd.stops,
        "state_mismatches": crowd.mismatches,
        "heartbeat_gaps_s": [round(gap, 1) for gap in crowd.heartbeat_gaps],
        "cold_heartbeat_gaps_s": [round(gap, 1) for gap in crowd.cold_heartbeat_gaps],
        "tasks_of_each_triggerer": list(crowd.shares),
        "failovers": crowd.failovers,
        "claimed_twice": crowd.claimed_twice,
        "s3_requests_slowed": crowd.s3_requests,
        "defects": dict(crowd.defects()),
    }
    return {f"{prefix}{name}": value for name, value in found.items()}
