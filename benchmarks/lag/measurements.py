"""The times of one run, joined from several sources. All are in epoch seconds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.lag.plan import PlannedRun

TRACK, FINISH, NOTIFY = "track-run", "finish-run", "notify-airflow"
# The triggerer's access key, and the index that it reads.
AIRFLOW, INDEX = "airflow", "finished"


@dataclass(frozen=True, kw_only=True)
class TaskEnd:
    """A task instance as Airflow's API shows it: when it first started, and when it was last
    scheduled, queued and ended."""

    state: str | None
    started: float | None
    resumed: float | None
    queued: float | None
    ended: float | None


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A run's way through Jetbridge's functions, as the local cloud recorded their calls.

    Attributes:
        tracked: track_run takes up the run after the job's end.
        begun: finish_run takes up the run.
        looked, settled: its first and its last look for log lines.
        sealed: the outcome's own ``finished_at``.
        notified: notify_airflow takes up the run; or, where nothing is pushed, the triggerer reads
            the index for the first time after the sealing.
    """

    tracked: float | None
    begun: float | None
    looked: float | None
    settled: float | None
    sealed: float | None
    notified: float | None

    @property
    def settling(self) -> float | None:
        """How long finish_run waited for log lines."""
        if self.looked is None or self.settled is None:
            return None
        return self.settled - self.looked


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A run that was measured: from ``stopped`` (job or moment) to the task's end."""

    run: PlannedRun
    stopped: float
    task: TaskEnd
    started: float
    ended: float
    passage: Passage | None = None

    @property
    def lag(self) -> float:
        return self.ended - self.stopped

    @property
    def took(self) -> float:
        """Seconds from the task's start to its end."""
        return self.ended - self.started


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A run that should have been measured; it counts as slower than any that was."""

    run: PlannedRun
    reason: str


def measure(
    run: PlannedRun, task: TaskEnd | None, stopped: float | None, passage: Passage | None = None
) -> Measurement | Missing:
    """Join what Airflow and the backend say of one run."""
    if task is None:
        return Missing(run=run, reason="has no task instance")
    if task.state != "success":
        return Missing(run=run, reason=f"is {task.state or 'not begun'}")
    if task.started is None or task.ended is None:
        return Missing(run=run, reason="has no start or no end")
    if stopped is None:
        return Missing(run=run, reason="has no stopped job")
    if task.ended < stopped:
        return Missing(run=run, reason=f"ended {stopped - task.ended:.3f} s before its job")
    return Measurement(
        run=run,
        stopped=stopped,
        task=task,
        started=task.started,
        ended=task.ended,
        passage=passage,
    )


def passage(
    run_id: str,
    stopped: float,
    *,
    pushed: bool,
    sealed: float | None,
    streams: Iterable[str],
    calls: Sequence[Mapping[str, Any]],
) -> Passage:
    """What Jetbridge's functions did for a run, from the calls that name it.

    ``calls`` are the local cloud's records in the order of their arrival; ``streams`` are the log
    streams of the run's containers.
    """
    looked_at = set(streams)
    tracked = [c["time"] for c in calls if _by(c, TRACK) and _names(c, run_id)]
    begun = [c["time"] for c in calls if _by(c, FINISH) and _names(c, run_id)]
    looks = [
        c["time"]
        for c in calls
        if _by(c, FINISH)
        and c["operation"] == "GetLogEvents"
        and c["identifiers"].get("logStreamName") in looked_at
        and (sealed is None or c["time"] <= sealed)
    ]
    notified = [
        c["time"]
        for c in calls
        if sealed is not None
        and c["time"] >= sealed
        and (_by(c, NOTIFY) and _names(c, run_id) if pushed else _reads_the_feed(c))
    ]
    return Passage(
        tracked=min((time for time in tracked if time >= stopped), default=None),
        begun=min(begun, default=None),
        looked=min(looks, default=None),
        settled=max(looks, default=None),
        sealed=sealed,
        notified=min(notified, default=None),
    )


def _by(call: Mapping[str, Any], function: str) -> bool:
    return str(call["caller"]).endswith(function)


def _reads_the_feed(call: Mapping[str, Any]) -> bool:
    index = call["identifiers"].get("IndexName")
    return bool(call["caller"] == AIRFLOW and call["operation"] == "Query" and index == INDEX)


def _names(call: Mapping[str, Any], run_id: str) -> bool:
    return any(
        value == {"run_id": {"S": run_id}}
        for name, value in call["identifiers"].items()
        if name.lower() == "key"
    )
