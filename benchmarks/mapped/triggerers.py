"""Watches two triggerers: what they use, their heartbeats, and which one has which trigger."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import psutil

from benchmarks.mapped.database import Database

_LOOK_SECONDS = 0.5
TAKEN_FOR_DEAD_SECONDS = 30.0
"""The default of Airflow's ``[triggerer] triggerer_health_check_threshold``."""


@dataclass(frozen=True)
class Use:
    """What the triggerers' processes have used so far: CPU seconds, resident bytes."""

    at: float
    cpu_seconds: float
    rss: int


def use(pids: Iterable[int]) -> Use:
    """What these processes and their children have used: a triggerer is two processes."""
    seconds, rss = 0.0, 0
    for pid in pids:
        leader = psutil.Process(pid)
        for process in (leader, *leader.children(recursive=True)):
            try:
                times = process.cpu_times()
                rss += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            seconds += times.user + times.system
    return Use(time.time(), seconds, rss)


class Watch:
    """Looks at the database in a thread until it is stopped; a context manager."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._beats: dict[int, list[float]] = defaultdict(list)
        self._triggerers: dict[str, list[int]] = defaultdict(list)
        self._failovers: set[str] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.error: Exception | None = None

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def note(
        self, heartbeats: dict[int, float], waiting: Iterable[tuple[str, int]], now: float
    ) -> None:
        """One look."""
        with self._lock:
            for job, beat in heartbeats.items():
                beats = self._beats[job]
                if not beats or beat != beats[-1]:
                    beats.append(beat)
            for instance, triggerer in waiting:
                self._note_of(instance, triggerer, now)
            self._now = now

    def forget(self) -> None:
        """Watch again."""
        with self._lock:
            self._beats.clear()
            self._triggerers.clear()
            self._failovers.clear()

    def longest_gaps(self) -> list[float]:
        """The longest gap of each triggerer's heartbeat, by its job's id; includes a gap that
        hasn't ended."""
        return [
            max(
                later - earlier
                for earlier, later in zip(beats, [*beats[1:], self._now], strict=True)
            )
            for _, beats in sorted(self._beats.items())
        ]

    def failovers(self) -> int:
        """Task instances whose trigger went to a peer because its triggerer was silent long enough
        to be considered dead."""
        return len(self._failovers)

    def claimed_twice(self) -> int:
        """Task instances whose trigger went to a peer although its triggerer was alive.

        Airflow reads and then assigns (models/trigger.py, ``Trigger.assign_unassigned``) under row
        locks. On a database without them, two triggerers that look at once both take a new trigger.
        """
        moved = {instance for instance, seen in self._triggerers.items() if len(seen) > 1}
        return len(moved - self._failovers)

    def shares(self) -> list[int]:
        """How many task instances each triggerer was seen with."""
        with self._lock:
            count: dict[int, int] = dict.fromkeys(self._beats, 0)
            for each in self._triggerers.values():
                for triggerer in set(each):
                    count[triggerer] = count.get(triggerer, 0) + 1
        return [count[job] for job in sorted(count)]

    def _note_of(self, instance: str, triggerer: int, now: float) -> None:
        seen = self._triggerers[instance]
        if seen and seen[-1] == triggerer:
            return
        if seen and self._silence(seen[-1], now) >= TAKEN_FOR_DEAD_SECONDS:
            self._failovers.add(instance)
        seen.append(triggerer)

    def _silence(self, triggerer: int, now: float) -> float:
        """The longer of a triggerer's last two pauses: it may have come back since."""
        beats = [*self._beats[triggerer][-2:], now]
        return max((later - earlier for earlier, later in pairwise(beats)), default=0.0)

    def _run(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            try:
                self.note(self._database.heartbeats(), self._database.waiting_with(), time.time())
            except Exception as error:
                self.error = error
