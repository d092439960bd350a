"""What the services need of the runs table."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from jetbridge.contract import ContractError, Launched
from jetbridge.runs.reports import Ending, StateChange
from jetbridge.runs.run import (
    Attachment,
    Definition,
    Relaunch,
    Run,
    Stop,
    Watcher,
)


class UnreadableRow(ContractError):
    """The row of one run can't be read: somebody else wrote it, or a version with fewer checks did.

    Attributes:
        run_id: the row's key, which can always be read.
    """

    def __init__(self, run_id: str, why: str) -> None:
        super().__init__(
            "run_id",
            f"the row of run {run_id} can't be read ({why})",
            "See RowsUnreadable in docs/reference/operations.md",
        )
        self.run_id = run_id


class Written(Struct, frozen=True):
    """The result of a conditional write.

    Attributes:
        changed: whether the condition held.
        row: the row after the write; if the condition didn't hold, the row as it was. None if there
            is no such run.
    """

    changed: bool
    row: Run | None


class Runs(Protocol):
    """Rows of runs. Every write is one conditional write: it happens as a whole or not at all.

    An item that isn't a run's row is never returned, whatever its key. Every method that returns a
    row raises ``UnreadableRow`` if the row can't be read. Every method that writes raises
    ``ContractError`` if the row couldn't be read back after the write.
    """

    def create(self, run: Run) -> bool:
        """Write a new row; False if the run id already has one."""
        ...

    def get(self, run_id: str) -> Run | None:
        """The row as last written (a consistent read)."""
        ...

    def begin_launch(self, run: Run, now: float, definition: Definition) -> Run | None:
        """Claim a launch and pin the definition's revision. A revision that an earlier attempt or
        launch pinned stays.

        Returns None if anything has happened since ``run`` was read: another attempt began, a stop
        was requested, or the launch was answered, ended or superseded.
        """
        ...

    def claim_first(self, run_id: str, launch: int, now: float, definition: Definition) -> Written:
        """``begin_launch`` for a launch whose row hasn't been read. The row isn't changed if
        somebody has begun a launch of the run, if it has to wait, or if a stop was requested."""
        ...

    def take_back(self, before: Run, now: float) -> Run | None:
        """Undo the claim that ``begin_launch`` made at ``now``, because nothing was launched. None
        if more has happened. The definition's revision stays pinned."""
        ...

    def launched(self, run_id: str, launch: int, backend_id: str) -> Run | None:
        """Record AWS's answer to a launch; None if the launch was superseded.

        If an event named a task or job before, the launch keeps that one.
        """
        ...

    def apply(self, change: StateChange, relaunch: Relaunch | None = None) -> Written:
        """Record a state change, unless it has no effect: it is late, repeated or superseded, or
        its task or job, cluster, queue or definition isn't the row's.

        The end of a launch is its last change, whatever its order. With ``relaunch``, the change
        ends the launch but not the run, unless a stop was requested.
        """
        ...

    def end(
        self, run_id: str, launch: int, ending: Ending, relaunch: Relaunch | None = None
    ) -> Run | None:
        """Record an end that no event will report; None if the run had already ended or the launch
        was superseded. ``relaunch`` as in ``apply``."""
        ...

    def request_stop(self, run_id: str, stop: Stop, caller: str | None = None) -> Written:
        """Record that the run is to stop, unless it has ended. With ``caller``, the run must also
        still belong to the caller with this key.

        The first stop request stays. The run becomes due within a minute.
        """
        ...

    def set_watchers(self, run: Run, watchers: Sequence[Watcher]) -> Written:
        """Replace the run's watchers, unless it has ended or its watchers have changed since
        ``run`` was read."""
        ...

    def mark_finished(self, run_id: str) -> None:
        """Record that the outcome is sealed and delivered: the sweeper doesn't look at the run
        again."""
        ...

    def due(self, now: float) -> Iterator[Run | UnreadableRow]:
        """Unfinished runs without news for too long, longest first. For a row that can't be read,
        the error is given instead.

        The runs are read one after another, when the caller asks for the next. A row may be
        slightly older than the one that ``get`` returns.
        """
        ...

    def look_again(self, run_id: str, at: float) -> None:
        """Make an unfinished run due at ``at`` (epoch seconds), and keep its row until long after
        that."""
        ...


class Answers(Protocol):
    """AWS's answers to launches, in the runs table and the outcomes table."""

    def put(self, launched: Run, record: Launched, order: int) -> bool:
        """``Runs.launched`` and ``LaunchedRecords.put_launched`` together: both are written or
        neither.

        ``launched`` is the row after the write. Returns False if the row has changed since its
        launch was claimed, or if there is a newer record. Then the caller writes each by itself.
        """
        ...


class Tries(Protocol):
    """The newest run of an Airflow task instance, over all its tries."""

    def newest(self, task_key: str) -> str | None:
        """The id of the task's newest run (a consistent read)."""
        ...

    def create(self, run: Run, task_key: str, seen: str | None) -> bool:
        """Write a new row and make it the task's newest run: both or neither.

        ``seen`` is the answer of ``newest``. Returns False if the run id already has a row, or if
        another try came in between.
        """
        ...

    def attach(self, alias: Run, to: Run, attachment: Attachment) -> bool:
        """Pass the run ``to``, as it was read, to a later try, and write that try's own row, which
        names the run: both or neither. Returns False if the run was stopped, ended or attached in
        the meantime, or if the try already has a row."""
        ...
