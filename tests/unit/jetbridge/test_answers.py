"""AWS's answer to a launch is in the row and in the launched record, or in neither."""

from typing import Any

import pytest
from jetbridge_testing.memory import MemoryAnswers, MemoryOutcomes, MemoryRuns
from jetbridge_testing.outcomes import ReadDynamoOutcomes
from jetbridge_testing.samples import DEFINITIONS, REGION, change, ended_run, new_run
from jetbridge_testing.tables import create_table
from msgspec.structs import replace

from jetbridge.contract import StopCause
from jetbridge.progress.launched import launched_record
from jetbridge.runs.answers import DynamoAnswers
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.run import Run, Status, Stop

STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")
CLAIMED_AT = 100.5


class Scene:
    """A run whose launch has been claimed; ``write`` writes AWS's answer."""

    def __init__(self, runs: Any, outcomes: Any, answers: Any) -> None:
        self.runs, self.outcomes, self.answers = runs, outcomes, answers
        run = new_run()
        runs.create(run)
        claimed = runs.begin_launch(run, CLAIMED_AT, DEFINITIONS["ecs"])
        assert claimed is not None
        self.claimed: Run = claimed
        task = change("ecs_running").backend_id
        self.launched = replace(
            claimed, status=Status.LAUNCHED, backend_id=task, launched_at=runs._clock()
        )

    def write(self) -> bool:
        record = launched_record(self.launched, REGION)
        assert record is not None
        written: bool = self.answers.put(self.launched, record, -1)
        return written

    @property
    def row(self) -> Run | None:
        row: Run | None = self.runs.get(self.claimed.run_id)
        return row


@pytest.fixture(params=["memory", "dynamodb"])
def scene(request: pytest.FixtureRequest, clock: Any) -> Scene:
    if request.param == "memory":
        runs, outcomes = MemoryRuns(900, clock), MemoryOutcomes()
        return Scene(runs, outcomes, MemoryAnswers(runs, outcomes))
    client = request.getfixturevalue("dynamodb")
    kept = DynamoRuns(client, create_table(client, "RunsTable"), 900, clock=clock)
    told = ReadDynamoOutcomes(client, create_table(client, "OutcomesTable"))
    return Scene(kept, told, DynamoAnswers(client, "RunsTable", told.launched_update))


def test_both_are_written(scene: Scene) -> None:
    assert scene.write()
    assert scene.row == scene.launched
    assert scene.outcomes.standing(scene.claimed.run_id) == launched_record(scene.launched, REGION)
    assert not scene.write(), "it has been launched"


def _stopped(scene: Scene) -> None:
    scene.runs.request_stop(scene.claimed.run_id, STOP)


def _overtaken(scene: Scene) -> None:
    scene.runs.apply(change("ecs_running"))


def _ended(scene: Scene) -> None:
    scene.runs.apply(change("ecs_stopped_exit_0"))


def _claimed_again(scene: Scene) -> None:
    scene.runs.begin_launch(scene.claimed, CLAIMED_AT + 60, DEFINITIONS["ecs"])


@pytest.mark.parametrize("happens", [_stopped, _overtaken, _ended, _claimed_again])
def test_neither_is_written_where_anything_else_has_happened(scene: Scene, happens: Any) -> None:
    happens(scene)
    before = scene.row
    assert not scene.write()
    assert scene.row == before
    assert scene.outcomes.standing(scene.claimed.run_id) is None


def test_neither_is_written_over_something_newer(scene: Scene) -> None:
    record = launched_record(scene.launched, REGION, change("ecs_running"))
    assert record is not None
    scene.outcomes.put_launched(record, 4)
    assert not scene.write()
    assert scene.row == scene.claimed
    assert scene.outcomes.standing(scene.claimed.run_id) == record


def test_a_run_that_is_not_there_is_not_made(scene: Scene) -> None:
    scene.launched = replace(scene.launched, run_id=ended_run("ecs_stopped_exit_0").run_id + "x")
    assert not scene.write()
    assert scene.runs.get(scene.launched.run_id) is None
