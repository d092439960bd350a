"""The ports in memory. ``test_runs`` and ``test_outcomes`` hold them and the adapters to the
same behaviour."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from jetbridge.contract import Launched, Outcome, Waiting
from jetbridge.launching.tries import attached, with_attachment
from jetbridge.runs.port import Written
from jetbridge.runs.reports import Ending, StateChange
from jetbridge.runs.run import (
    UNLAUNCHED,
    Attachment,
    Definition,
    Relaunch,
    Run,
    Status,
    Stop,
    Watcher,
)
from jetbridge_testing.queued import queued


class MemoryRuns:
    def __init__(self, check_after_seconds: float, clock: Callable[[], float]) -> None:
        self._rows: dict[str, Run] = {}
        self._check_at: dict[str, float] = {}
        self._newest: dict[str, str] = {}
        self._check_after = check_after_seconds
        self._clock = clock

    def create(self, run: Run) -> bool:
        if run.run_id in self._rows:
            return False
        self._rows[run.run_id] = run
        check_at = self._clock() + self._check_after
        self._check_at[run.run_id] = min(check_at, run.deadline or check_at)
        return True

    def get(self, run_id: str) -> Run | None:
        return self._rows.get(run_id)

    def begin_launch(self, run: Run, now: float, definition: Definition) -> Run | None:
        row = self._rows.get(run.run_id)
        if row is None or row.launch != run.launch or row.status not in UNLAUNCHED:
            return None
        if row.stop is not None or row.last_attempt_at != run.last_attempt_at:
            return None
        first = row.first_attempt_at or now
        return self._put(
            row,
            status=Status.LAUNCHING,
            first_attempt_at=first,
            last_attempt_at=now,
            definition=row.definition or definition,
        )

    def claim_first(self, run_id: str, launch: int, now: float, definition: Definition) -> Written:
        row = self._rows.get(run_id)
        fresh = (
            row is not None
            and (row.launch, row.status) == (launch, Status.ACCEPTED)
            and (row.stop, row.definition) == (None, None)
            and (row.last_attempt_at, row.not_before) == (None, None)
        )
        if row is None or not fresh:
            return Written(False, row)
        return Written(True, self.begin_launch(row, now, definition))

    def take_back(self, before: Run, now: float) -> Run | None:
        row = self._current(before.run_id, before.launch)
        if row is None or row.status is not Status.LAUNCHING or row.last_attempt_at != now:
            return None
        return self._put(
            row,
            status=before.status,
            first_attempt_at=before.first_attempt_at,
            last_attempt_at=before.last_attempt_at,
        )

    def launched(self, run_id: str, launch: int, backend_id: str) -> Run | None:
        row = self._unended(self._current(run_id, launch))
        if row is None:
            return None
        return self._put(
            row,
            backend_id=row.backend_id or backend_id,
            status=Status.LAUNCHED,
            launched_at=row.launched_at or self._clock(),
        )

    def apply(self, change: StateChange, relaunch: Relaunch | None = None) -> Written:
        known = self._rows.get(change.run_id)
        row = self._unended(self._current(change.run_id, change.launch))
        if row is None or row.definition is None:
            return Written(False, known)
        if (row.place, row.definition.arn) != (change.place, change.definition):
            return Written(False, known)
        if row.backend_id not in (None, change.backend_id):
            return Written(False, known)
        if relaunch is not None:
            return self._relaunch(row, relaunch)
        ended = change.ending is not None
        if not ended and row.change_order is not None and row.change_order >= change.order:
            return Written(False, known)
        moved = self._put(
            row,
            status=Status.ENDED if ended else Status.LAUNCHED,
            backend_id=change.backend_id,
            launched_at=row.launched_at or self._clock(),
            backend_status=change.status,
            change_order=change.order,
            ending=change.ending,
            ended_at=self._clock() if ended else None,
        )
        return Written(True, moved)

    def end(
        self, run_id: str, launch: int, ending: Ending, relaunch: Relaunch | None = None
    ) -> Run | None:
        row = self._unended(self._current(run_id, launch))
        if row is None:
            return None
        if relaunch is not None:
            written = self._relaunch(row, relaunch)
            return written.row if written.changed else None
        return self._put(row, status=Status.ENDED, ending=ending, ended_at=self._clock())

    def request_stop(self, run_id: str, stop: Stop, caller: str | None = None) -> Written:
        known = self._rows.get(run_id)
        row = self._unended(known)
        if row is None or caller not in (None, row.caller.key):
            return Written(False, known)
        self._check_at[run_id] = self._clock() + 60
        return Written(True, self._put(row, stop=row.stop or stop))

    def set_watchers(self, run: Run, watchers: Sequence[Watcher]) -> Written:
        known = self._rows.get(run.run_id)
        row = self._unended(known)
        if row is None or row.watchers != run.watchers:
            return Written(False, known)
        return Written(True, self._put(row, watchers=list(watchers)))

    def newest(self, task_key: str) -> str | None:
        return self._newest.get(task_key)

    def create_try(self, run: Run, task_key: str, seen: str | None) -> bool:
        if self._newest.get(task_key) != seen or not self.create(run):
            return False
        self._newest[task_key] = run.run_id
        return True

    def attach(self, alias: Run, to: Run, attachment: Attachment) -> bool:
        row = self._rows[to.run_id]
        same_end = (row.status is Status.ENDED) == (to.status is Status.ENDED)
        if alias.run_id in self._rows or not same_end:
            return False
        if row.stop is not None or row.attachments != to.attachments:
            return False
        self._put(row, attachments=with_attachment(row.attachments, attachment))
        self._rows[alias.run_id] = attached(alias, to)
        return True

    def mark_finished(self, run_id: str) -> None:
        if run_id in self._rows:
            self._put(self._rows[run_id], finished=True)
            self._check_at.pop(run_id, None)

    def due(self, now: float) -> Iterator[Run]:
        due = sorted((at, run_id) for run_id, at in self._check_at.items() if at <= now)
        return iter([self._rows[run_id] for _, run_id in due])

    def look_again(self, run_id: str, at: float) -> None:
        if run_id in self._check_at:
            self._check_at[run_id] = at

    def _current(self, run_id: str, launch: int) -> Run | None:
        row = self._rows.get(run_id)
        return row if row is not None and row.launch == launch else None

    @staticmethod
    def _unended(row: Run | None) -> Run | None:
        return row if row is not None and row.status is not Status.ENDED else None

    def _relaunch(self, row: Run, relaunch: Relaunch) -> Written:
        if row.stop is not None:
            return Written(False, row)
        moved = self._put(
            row,
            status=Status.ACCEPTED,
            launch=relaunch.launch,
            not_before=relaunch.not_before,
            deaths=relaunch.deaths,
            backend_id=None,
            launched_at=None,
            backend_status=None,
            change_order=None,
            first_attempt_at=None,
            last_attempt_at=None,
        )
        return Written(True, moved)

    def _put(self, row: Run, **fields: Any) -> Run:
        changed = replace(row, **fields)
        self._rows[row.run_id] = changed
        return changed


class MemoryTries:
    """``Tries`` over the rows of a ``MemoryRuns``."""

    def __init__(self, runs: MemoryRuns) -> None:
        self.newest = runs.newest
        self.create = runs.create_try
        self.attach = runs.attach


class MemoryOutcomes:
    """One item for each run, as in the table: its outcome, or a launched record and its order."""

    def __init__(self) -> None:
        self.items: dict[str, Outcome | tuple[int, Launched]] = {}
        self.waiting: dict[str, Waiting] = {}

    def get(self, run_id: str) -> Outcome | None:
        item = self.items.get(run_id)
        return item if isinstance(item, Outcome) else None

    def seal(self, outcome: Outcome) -> Outcome:
        sealed = self.get(outcome.run_id) or outcome
        self.items[outcome.run_id] = sealed
        return sealed

    def put_launched(self, record: Launched, order: int) -> None:
        item = self.items.get(record.run_id)
        if isinstance(item, Outcome):
            return
        if item is None or (item[1].launch, item[0]) < (record.launch, order):
            self.items[record.run_id] = (order, record)

    def put_waiting(self, record: Waiting) -> None:
        known = self.waiting.get(record.run_id)
        if self.get(record.run_id) is None and (known is None or known.launch <= record.launch):
            self.waiting[record.run_id] = record

    def standing(self, run_id: str) -> Outcome | Launched | None:
        item = self.items.get(run_id)
        return item[1] if isinstance(item, tuple) else item


class MemoryAnswers:
    """``Answers`` over a ``MemoryRuns`` and a ``MemoryOutcomes``."""

    def __init__(self, runs: MemoryRuns, outcomes: MemoryOutcomes) -> None:
        self._runs = runs
        self._outcomes = outcomes

    def put(self, launched: Run, record: Launched, order: int) -> bool:
        row = self._runs.get(launched.run_id)
        if row is None or (row.launch, row.status) != (launched.launch, Status.LAUNCHING):
            return False
        if row.last_attempt_at != launched.last_attempt_at:
            return False
        if row.stop is not None or row.backend_id is not None:
            return False
        before = self._outcomes.standing(record.run_id)
        self._outcomes.put_launched(record, order)
        if self._outcomes.standing(record.run_id) is before:
            return False
        self._runs.launched(launched.run_id, launched.launch, launched.backend_id or "")
        return True


class MemoryGroups:
    def __init__(self, limits: Mapping[str, int]) -> None:
        self.limits = dict(limits)
        self.held: dict[str, set[str]] = {}

    def limit(self, group: str) -> int | None:
        return self.limits.get(group)

    def take(self, group: str, run_id: str) -> bool:
        limit, held = self.limits.get(group), self.held.setdefault(group, set())
        if limit is None or run_id in held:
            return True
        if len(held) >= limit:
            return False
        held.add(run_id)
        return True

    def release(self, group: str, run_id: str) -> None:
        self.held.setdefault(group, set()).discard(run_id)

    def holders(self) -> dict[str, set[str]]:
        return {group: set(self.held.get(group, ())) for group in self.limits}


class MemoryQueue:
    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.delays: list[int] = []
        self.groups: list[str] = []

    def send(self, message: Any, delay_seconds: int = 0, group: str = "") -> None:
        self.messages.append(queued(message))
        self.delays.append(delay_seconds)
        self.groups.append(group)


class MemoryBus:
    def __init__(self) -> None:
        self.announced: list[Outcome] = []

    def announce(self, outcome: Outcome) -> None:
        self.announced.append(outcome)
