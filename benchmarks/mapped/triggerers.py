"""Two triggerers, watched: what they use, whether their hearts beat, whose triggers are whose."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from benchmarks.mapped.database import Database

_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Use:
    """What the triggerers' processes have used by now: CPU seconds, resident bytes."""

    at: float
    cpu_seconds: float
    rss: int


def use(pids: Iterable[int]) -> Use:
    """Of these processes and their children: a triggerer is two processes."""
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
    """Looks at the database in a thread until it is told to stop; a context manager."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._beats: dict[int, list[float]] = defaultdict(list)
        self._triggerers: dict[str, set[int]] = defaultdict(set)
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
                self._triggerers[instance].add(triggerer)
            self._now = now

    def forget(self) -> None:
        """Watch anew."""
        with self._lock:
            self._beats.clear()
            self._triggerers.clear()

    def longest_gaps(self) -> list[float]:
        """Of each triggerer's heartbeat, by its job's id; also that which still lasts."""
        return [
            max(
                later - earlier
                for earlier, later in zip(beats, [*beats[1:], self._now], strict=True)
            )
            for _, beats in sorted(self._beats.items())
        ]

    def moved(self) -> int:
        """Task instances whose trigger was seen with more than one triggerer."""
        return sum(len(each) > 1 for each in self._triggerers.values())

    def shares(self) -> list[int]:
        """How many task instances each triggerer was seen with."""
        with self._lock:
            count: dict[int, int] = dict.fromkeys(self._beats, 0)
            for each in self._triggerers.values():
                for triggerer in each:
                    count[triggerer] = count.get(triggerer, 0) + 1
        return [count[job] for job in sorted(count)]

    def _run(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            try:
                self.note(self._database.heartbeats(), self._database.waiting_with(), time.time())
            except Exception as error:
                self.error = error
