"""The calls to AWS during the demo, from the local cloud's own record."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from jetbridge_local.site.outcomes import Finished

Call = dict[str, Any]

# Calls that ask how a container is doing, or read what it prints.
_WATCHING = {
    ("ecs", "DescribeTasks"),
    ("ecs", "ListTasks"),
    ("batch", "DescribeJobs"),
    ("batch", "ListJobs"),
    ("logs", "GetLogEvents"),
    ("logs", "FilterLogEvents"),
    ("logs", "DescribeLogStreams"),
    ("logs", "StartLiveTail"),
    ("logs", "StartQuery"),
}


def by_operation(calls: Iterable[Call]) -> dict[str, int]:
    """How often each operation was called, the most frequent first."""
    counts = Counter(f"{call['service']}:{call['operation']}" for call in calls)
    return dict(counts.most_common())


def watching_while_running(calls: list[Call], runs: Iterable[Finished]) -> list[Call]:
    """Calls that watched a run between its launch and its end.

    A call counts when it names the run: its task or job, its launch's name, or one of its log
    streams. A List call that names no run but would have listed it counts too.
    """
    watching = [call for call in calls if (call["service"], call["operation"]) in _WATCHING]
    return [
        call
        for run in runs
        for call in watching
        if _launched_at(calls, run) <= call["time"] < run.stopped_at and _watches(call, run)
    ]


def _launched_at(calls: list[Call], run: Finished) -> float:
    launches = [
        call["time"]
        for call in calls
        if call["operation"] in ("RunTask", "SubmitJob") and run.run_id in str(call["identifiers"])
    ]
    return min(launches, default=run.started_at)


def _watches(call: Call, run: Finished) -> bool:
    if call["operation"] in ("ListTasks", "ListJobs", "DescribeLogStreams"):
        return True
    asked = str(call["identifiers"])
    return any(name in asked for name in run.names)
