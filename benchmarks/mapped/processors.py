"""CPU seconds of Airflow's components and of the local cloud, with all processes that have ended.

When a process has been waited for, Linux adds its time and that of its own ended children to its
parent's (times(2), ``tms_cutime``). So a component's tree has the time of every process that it
ever had. Nothing is sampled, and no process is too short. A look is exact while no process ends;
otherwise it may miss those that end during the look.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil

from benchmarks.errors import BenchmarkFailed

TASKS, SUPERVISORS, SCHEDULER, TRIGGERERS = "tasks", "supervisors", "scheduler", "triggerers"


@dataclass(frozen=True, slots=True)
class Times:
    """CPU seconds of a process, and of its descendants that have ended. ``child``: it is the
    leader's own child, and no grandchild."""

    own: float
    of_ended: float
    child: bool = False


@dataclass(frozen=True)
class Spent:
    """CPU seconds of Airflow by component, and of the local cloud with its functions and
    containers. ``seconds``: the time since the epoch, or how long it took."""

    seconds: float
    airflow: Mapping[str, float]
    cloud: float

    def since(self, earlier: "Spent") -> "Spent":
        """What was used from the earlier look to this one."""
        return Spent(
            self.seconds - earlier.seconds,
            {name: used - earlier.airflow[name] for name, used in self.airflow.items()},
            self.cloud - earlier.cloud,
        )

    @property
    def processors(self) -> float:
        """How many processors were busy with it, all in all."""
        return (sum(self.airflow.values()) + self.cloud) / self.seconds


def spent(airflow: Mapping[str, int], cloud: int) -> Spent:
    """What the trees of processes have used, by the process ids of their leaders.

    Raises:
        BenchmarkFailed: a leader has ended.
    """
    at = time.time()
    trees = {name: _tree(name, pid) for name, pid in airflow.items()}
    return Spent(at, by_component(trees), _whole(*_tree("the local cloud", cloud)))


def by_component(trees: Mapping[str, tuple[Times, Iterable[Times]]]) -> dict[str, float]:
    """The seconds of each tree, all triggerers as one, and the scheduler's in three parts.

    LocalExecutor forks its processes from the scheduler and keeps them. Each of them forks a
    process for each task, and supervises it (executors/local_executor.py; task-sdk, supervisor.py).
    """
    found: dict[str, float] = {}
    for name, (leader, descendants) in trees.items():
        if name == SCHEDULER:
            children = [each for each in descendants if each.child]
            whole = _whole(leader, descendants)
            found[SCHEDULER] = leader.own
            found[SUPERVISORS] = sum(each.own for each in children)
            found[TASKS] = whole - found[SCHEDULER] - found[SUPERVISORS]
        else:
            group = TRIGGERERS if name.startswith("triggerer") else name
            found[group] = found.get(group, 0.0) + _whole(leader, descendants)
    return found


def _whole(leader: Times, descendants: Iterable[Times]) -> float:
    return sum(each.own + each.of_ended for each in (leader, *descendants))


def _tree(name: str, pid: int) -> tuple[Times, list[Times]]:
    """The leader is read before its descendants: one that ends meanwhile never counts twice."""
    try:
        leader = psutil.Process(pid)
        first = _times(leader)
        descendants = leader.children(recursive=True)
    except psutil.NoSuchProcess:
        raise BenchmarkFailed(f"{name} has ended, so its CPU time isn't known") from None
    found = []
    for each in descendants:
        try:
            found.append(_times(each, each.ppid() == pid))
        except psutil.NoSuchProcess:
            continue
    return first, found


def _times(process: psutil.Process, child: bool = False) -> Times:
    times = process.cpu_times()
    return Times(times.user + times.system, times.children_user + times.children_system, child)
