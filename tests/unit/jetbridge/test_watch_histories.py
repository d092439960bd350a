"""However a task's watching, the run's end and its finish interleave: the task is notified, or the
answer is "ended".

Each task asks once, and its function may die at any step, as may finish_run, which SQS then
delivers again. A task whose answer says that the run is unfinished must be notified of its end.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.foreign import looking
from jetbridge_testing.logs import MemoryLogs
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import REGION, change, launched_run, watcher
from jetbridge_testing.tables import create_table
from jetbridge_testing.turns import Turns

from jetbridge.contract import WatchedRun, WatchRequest
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.outcomes.finish import Finish
from jetbridge.outcomes.port import Outcomes
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Status, Watcher
from jetbridge.watching.watch import Watch

STOPPED_AT = 1_772_323_324.713
RUN = launched_run()
END = change("ecs_stopped_exit_3")
TASKS = [watcher("a"), watcher("b"), watcher("a", try_number=2)]
# A step is a call of a port: two or three of each task, one of the end, ten of the finish.
PLAYS = {
    "order": st.lists(st.integers(0, 3), max_size=40),
    "crashes": st.lists(st.integers(0, 20), max_size=3),
}


class History:
    def __init__(self, runs: Runs, outcomes: Outcomes, crashes: list[int]) -> None:
        self.turns, self.runs, self.outcomes = Turns(crashes), runs, outcomes
        self.notices = MemoryQueue()
        self.answers: dict[int, WatchedRun] = {}
        self.finished = False
        watch = self.turns.watch
        self.watch = Watch(
            watch(runs), watch(outcomes), "outcomes", "stop", REGION, True, looking(outcomes)
        )
        self.finish = Finish(
            watch(runs),
            watch(outcomes),
            watch(MemoryLogs({})),
            watch(self.notices),
            watch(MemoryQueue()),
            watch(MemoryBus()),
            REGION,
            0,
            "feed",
            Clock(STOPPED_AT + 60),
        )
        assert runs.create(RUN)

    def ask(self, task: int) -> Callable[[], None]:
        def asks() -> None:
            request = WatchRequest(run_ids=[RUN.run_id], caller=TASKS[task].caller)
            self.answers[task] = self.watch(request).runs[RUN.run_id]

        return asks

    def end(self) -> None:
        self.turns.step()
        assert self.runs.apply(END).changed
        self.finish(RUN.run_id)
        self.finished = True

    def play(self, order: list[int]) -> None:
        self.turns.play([*(self.ask(task) for task in range(len(TASKS))), self.end], order)
        row = self.runs.get(RUN.run_id)
        assert row is not None
        if row.status is not Status.ENDED:
            assert self.runs.apply(END).changed
        while not self.finished:
            self.turns.play([self._deliver_again], [])

    def _deliver_again(self) -> None:
        assert self.finish(RUN.run_id) is not None
        self.finished = True

    @property
    def told(self) -> list[Watcher]:
        row = self.runs.get(RUN.run_id)
        assert row is not None
        assert row.finished
        return [row.watchers[message["watcher"]] for message in self.notices.messages]


def _check(history: History, order: list[int]) -> None:
    history.play(order)
    outcome = history.outcomes.get(RUN.run_id)
    assert outcome is not None
    told = history.told
    for task, answer in history.answers.items():
        if answer.status == "ended":
            assert answer.outcome in (None, outcome)
        else:
            # An earlier try is gone when a later one of its task has come.
            assert TASKS[task] in told or (task == 0 and TASKS[2] in told)
    row = history.runs.get(RUN.run_id)
    assert row is not None
    assert {task.caller.key for task in told} == {task.caller.key for task in row.watchers}


@given(**PLAYS)
@example(order=[3, 3, 0, 3, 3, 0, 3, 3, 3], crashes=[])
def test_each_watcher_is_notified_or_learns_that_the_run_has_ended(
    order: list[int], crashes: list[int]
) -> None:
    runs = MemoryRuns(900, Clock())
    _check(History(runs, MemoryOutcomes(), crashes), order)


def test_each_watcher_is_notified_or_learns_that_the_run_has_ended_on_dynamodb(
    dynamodb: Any,
) -> None:
    runs = DynamoRuns(dynamodb, create_table(dynamodb, "RunsTable"), 900, clock=Clock())
    outcomes = DynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable"))

    @settings(max_examples=30)
    @given(**PLAYS)
    def check(order: list[int], crashes: list[int]) -> None:
        for table in ("RunsTable", "OutcomesTable"):
            dynamodb.delete_item(TableName=table, Key={"run_id": {"S": RUN.run_id}})
        _check(History(runs, outcomes, crashes), order)

    check()


class ForgetfulRuns(MemoryRuns):
    """Takes watchers of a run that has ended, too."""

    _lax = False

    def set_watchers(self, run: Any, watchers: Any) -> Any:
        self._lax = True
        try:
            return super().set_watchers(run, watchers)
        finally:
            self._lax = False

    def _unended(self, row: Any) -> Any:  # type: ignore[override]
        return row if self._lax else MemoryRuns._unended(row)


def test_the_check_finds_a_watcher_that_is_lost() -> None:
    """Its row is read, the run is ended and finished, its row is written."""
    history = History(ForgetfulRuns(900, Clock()), MemoryOutcomes(), [])
    with pytest.raises(AssertionError):
        _check(history, [0, 0, *[3] * 40])
