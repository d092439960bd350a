"""Decides which waiting runs one pass over the outcomes table looks up."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_jetbridge.triggers.outcomes import BATCH_GET_ITEM_KEYS

ROUND_SECONDS = 60.0
"""Each waiting run is looked up at least this often, whatever the index says."""


class Rounds:
    """Remembers when each waiting run was last looked up. The caller gives all times, in
    seconds."""

    def __init__(self) -> None:
        self._next: dict[str, None] = {}
        """New runs and runs that were left unread. The next pass looks them up."""
        self._looked_up: dict[str, float] = {}
        """When each run was last looked up, oldest first."""
        self._eager: dict[str, None] = {}
        """Runs that every pass looks up."""

    def add(self, run_id: str, eager: bool = False) -> None:
        """Args:
        eager: look the run up in each pass, because the awaited record isn't in the index.
        """
        if run_id not in self._looked_up:
            self._next[run_id] = None
        if eager:
            self._eager[run_id] = None

    def discard(self, run_id: str) -> None:
        self._eager.pop(run_id, None)
        self._drop(run_id)

    def _drop(self, run_id: str) -> None:
        self._next.pop(run_id, None)
        self._looked_up.pop(run_id, None)

    def everything(self) -> list[str]:
        return [*self._next, *self._looked_up]

    def due(self, now: float, ended: Iterable[str], interval: float) -> list[str]:
        """The runs for one pass: new runs, ended runs, and runs whose round would otherwise run
        out.

        ``ended`` may name runs that nobody waits for. Free places in the last BatchGetItem go to
        runs in the second half of their round. So the rounds of many runs cost one call a minute
        per hundred runs.

        Args:
            now: when this pass starts.
            ended: runs that have an outcome, according to the index.
            interval: seconds to the next pass.
        """
        due = self._next | self._eager
        due.update((run_id, None) for run_id in ended if run_id in self._looked_up)
        for run_id, at in self._looked_up.items():
            age = now - at
            room = len(due) % BATCH_GET_ITEM_KEYS != 0
            if age + interval > ROUND_SECONDS or (room and age >= ROUND_SECONDS / 2):
                due[run_id] = None
            else:
                break
        return list(due)

    def looked_up(self, run_ids: Iterable[str], now: float, unread: Iterable[str]) -> None:
        """Note which runs a pass looked up. Ignores runs that nobody waits for any more."""
        left = dict.fromkeys(unread)
        for run_id in run_ids:
            if run_id not in left and (run_id in self._next or run_id in self._looked_up):
                self._drop(run_id)
                self._looked_up[run_id] = now
        waiting = [run_id for run_id in left if run_id in self._looked_up or run_id in self._next]
        for run_id in waiting:
            self._drop(run_id)
        self._next = {**dict.fromkeys(waiting), **self._next}
