"""What the services need of the runs table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from jetbridge.contract import ContractError, Launched
from jetbridge.runs.run import (
    Attachment,
    Definition,
    Ending,
    Relaunch,
    Run,
    StateChange,
    Stop,
    Watcher,
)


class UnreadableRow(ContractError):
    """The row of one run can't be read: somebody else wrote it, or a version that checked less.

    Attributes:
        run_id: its key, which can always be read.
    """

    def __init__(self, run_id: str, why: str) -> None:
        super().__init__(
            "run_id",
            f"the row of run {run_id} can't be read ({why})",
            "See RowsUnreadable in docs/reference/operations.md",
        )
        self.run_id = run_id


@dataclass(frozen=True)
class Written:
    """What came of a conditional write.

    Attributes:
        changed: whether the condition held.
        row: as it is after the write, or as it stood where the condition didn't hold; None if
            there is no such run.
    """

    changed: bool
    row: Run | None


class Runs(Protocol):
    """Rows of runs. Every write is one conditional write: it happens whole or not at all.

    What isn't a run's row, whatever its key, is no run. Every method that returns a row raises
    ``UnreadableRow`` where it can't be read, and every one that writes raises ``ContractError``
    where what is to be written couldn't be read again.
    """

    def create(self, run: Run) -> bool:
        """Write a new row; False if the run id has one already."""
        ...

    def get(self, run_id: str) -> Run | None:
        """The row as last written (a consistent read)."""
        ...

    def begin_launch(self, run: Run, now: float, definition: Definition) -> Run | None:
        """Claim a launch as it stood when ``run`` was read, and fix the definition's revision:
        what an earlier attempt or launch fixed stays. None if another attempt began, a stop was
        asked for, or it was launched, ended or superseded since then."""
        ...

    def claim_first(self, run_id: str, launch: int, now: float, definition: Definition) -> Written:
        """``begin_launch`` of a launch whose row hasn't been read: not changed if anybody has begun
        a launch of the run, it is to wait, or a stop was asked for."""
        ...

    def take_back(self, before: Run, now: float) -> Run | None:
        """Undo the claim of ``begin_launch`` at ``now``: nothing was launched; None if more
        happened. The definition's revision stays fixed."""
        ...

    def launched(self, run_id: str, launch: int, backend_id: str) -> Run | None:
        """Record AWS's answer to a launch; None if the launch was superseded.

        A task or job that an event named before stays the launch's own."""
        ...

    def apply(self, change: StateChange, relaunch: Relaunch | None = None) -> Written:
        """Record a state change, unless it changes nothing: late, repeated, superseded, or not
        of the row's own task or job, cluster, queue or definition.

        The end of a launch is its last change, whatever its order. With ``relaunch`` it ends the
        launch and not the run, unless a stop was asked for.
        """
        ...

    def end(
        self, run_id: str, launch: int, ending: Ending, relaunch: Relaunch | None = None
    ) -> Run | None:
        """Record an end that no event will report; None if the run had ended already, or the
        launch was superseded. ``relaunch`` as in ``apply``."""
        ...

    def request_stop(self, run_id: str, stop: Stop, caller: str | None = None) -> Written:
        """Record that the run is to stop, unless it has ended or, with ``caller``, another
        caller than the one of this key waits for it.

        The first stop asked for stays. The run is due within a minute."""
        ...

    def set_watchers(self, run: Run, watchers: Sequence[Watcher]) -> Written:
        """Let these wait for the run's end, unless it has ended or its watchers aren't those of
        ``run``, as it was read, any more."""
        ...

    def mark_finished(self, run_id: str) -> None:
        """The outcome is sealed and delivered: the sweeper need not look any more."""
        ...

    def due(self, now: float) -> Iterator[Run | UnreadableRow]:
        """Unfinished runs that nothing has been heard of for too long, longest first; in place of
        one whose row can't be read, what is wrong with it.

        They are read as they are asked for. A row may be older by a moment than ``get`` has it.
        """
        ...

    def look_again(self, run_id: str, at: float) -> None:
        """Make an unfinished run due at ``at`` (epoch seconds), and keep its row until long
        after that."""
        ...


class Answers(Protocol):
    """AWS's answers to launches, in the runs table and the outcomes table."""

    def put(self, launched: Run, record: Launched, order: int) -> bool:
        """``Runs.launched`` and ``LaunchedRecords.put_launched`` in one: both or neither.

        ``launched`` is the row as it is to be. False if anything has happened to it since its
        launch was claimed, or a newer record is there: then each is to be written by itself.
        """
        ...


class Tries(Protocol):
    """Which run is the newest of an Airflow task instance, whatever its try."""

    def newest(self, task_key: str) -> str | None:
        """The id of the task's newest run (a consistent read)."""
        ...

    def create(self, run: Run, task_key: str, seen: str | None) -> bool:
        """Write a new row and make it the task's newest run: both or neither.

        ``seen`` is what ``newest`` gave. False if the run id has a row already, or another try
        came in between.
        """
        ...

    def attach(self, alias: Run, to: Run, attachment: Attachment) -> bool:
        """Give the run ``to``, as it was read, to a later try, and write that try's own row,
        which names it: both or neither. False if it was stopped, ended or attached meanwhile, or
        the try has a row already."""
        ...
