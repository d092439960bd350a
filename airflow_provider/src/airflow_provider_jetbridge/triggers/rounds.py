"""Which of the waiting runs are looked up in one pass over the outcomes table."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_jetbridge.triggers.outcomes import BATCH_GET_ITEM_KEYS

ROUND_SECONDS = 60.0
"""Each waiting run is looked up at least so often, whatever the index tells or leaves out."""


class Rounds:
    """Remembers when each waiting run was last looked up. Times are the caller's, in seconds."""

    def __init__(self) -> None:
        self._next: dict[str, None] = {}
        """New ones and those that were left unread; they are looked up by the next pass."""
        self._looked_up: dict[str, float] = {}
        """When each was last looked up, the longest ago first."""
        self._eager: dict[str, None] = {}
        """Those that every pass looks up."""

    def add(self, run_id: str, eager: bool = False) -> None:
        """Args:
        eager: whether it is looked up in each pass, since what is waited for is not in the index.
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
        """The runs of one pass: new, ended ones, and those whose round would else be over.

        ``ended`` may name runs that nobody waits for. What is left of the last BatchGetItem is
        filled with runs in the second half of their round, so that the rounds of many runs cost a
        call per hundred a minute.

        Args:
            now: when this pass begins.
            ended: runs that are said to have an outcome.
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
        """Note what a pass did; runs that nobody waits for any more are passed over."""
        left = dict.fromkeys(unread)
        for run_id in run_ids:
            if run_id not in left and (run_id in self._next or run_id in self._looked_up):
                self._drop(run_id)
                self._looked_up[run_id] = now
        waiting = [run_id for run_id in left if run_id in self._looked_up or run_id in self._next]
        for run_id in waiting:
            self._drop(run_id)
        self._next = {**dict.fromkeys(waiting), **self._next}
