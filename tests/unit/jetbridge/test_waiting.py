"""What the task's log tells of a run that isn't launched yet."""

from collections.abc import Callable
from typing import Any

import pytest
from jetbridge_testing.backends import refused
from jetbridge_testing.core import Core
from jetbridge_testing.memory import MemoryOutcomes
from jetbridge_testing.samples import new_run, sample
from jetbridge_testing.steps import Crash, Steps, crash
from jetbridge_testing.tables import create_table
from msgspec.structs import replace

from jetbridge.backends.port import Throttled
from jetbridge.contract import Cause, Waiting, decode
from jetbridge.failures.decision import LONGEST_WAIT_SECONDS, NO_INSTANCES_SECONDS
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.queues.patience import PATIENCE_SECONDS
from jetbridge.queues.port import NotYet
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Run, Status

NO_ROOM = ("RESOURCE:MEMORY", "RunTask")
# RunTask's words, as the field case has them.
NO_INSTANCES = ("InvalidParameterException", "No Container Instances were found in your cluster.")


class Scene(Core):
    def __init__(self, steps: Steps | None = None, **request: Any) -> None:
        super().__init__(steps.watch if steps else lambda port: port)
        run = new_run()
        self.run = replace(run, request=replace(run.request, **request))
        assert self.runs.create(self.run)

    @property
    def row(self) -> Run:
        row = self.memory.get(self.run.run_id)
        assert row is not None
        return row

    @property
    def told(self) -> Waiting | None:
        waiting: Waiting | None = self.outcomes.waiting.get(self.run.run_id)
        return waiting

    def deliver(self) -> None:
        """The newest message of the launch queue."""
        message = self.launches.messages[-1] if self.launches.messages else {"launch": 1}
        self.launch(self.run.run_id, message["launch"], message.get("since"))

    def until_it_ends(self, code: str, reason: str) -> float:
        """Let AWS refuse each launch so; returns how long the run lasted, in seconds."""
        began = self.clock()
        while True:
            self.ecs.errors["launch"] = [refused(code, reason)]
            self.deliver()
            if self.row.status is Status.ENDED:
                return self.clock() - began
            self.clock.advance(self.launches.delays[-1])


def test_a_wait_for_capacity_is_recorded_with_its_end_and_awss_words() -> None:
    scene = Scene(timeout_seconds=None)
    scene.ecs.errors["launch"] = [refused(*NO_ROOM)]
    now = scene.clock()
    scene.deliver()
    assert scene.told is not None
    assert (scene.told.what, scene.told.launch, scene.told.since) == ("capacity", 2, now)
    assert scene.told.until == now + LONGEST_WAIT_SECONDS
    assert scene.told.next_at == scene.row.not_before
    assert "launch 1 ended: capacity" in scene.told.reason
    assert "AWS says: RunTask" in scene.told.reason


def test_its_end_is_the_runs_timeout_where_it_has_one() -> None:
    scene = Scene(timeout_seconds=9000)
    scene.ecs.errors["launch"] = [refused(*NO_ROOM)]
    scene.deliver()
    assert scene.told is not None
    assert scene.told.until == scene.run.created_at + 9000


@pytest.mark.parametrize("timeout", [None, 21_600])
def test_a_cluster_without_instances_fails_the_run_in_minutes(timeout: int | None) -> None:
    scene = Scene(timeout_seconds=timeout)
    lasted = scene.until_it_ends(*NO_INSTANCES)
    assert scene.row.deaths[-1].cause is Cause.CAPACITY
    assert NO_INSTANCES_SECONDS - 240 <= lasted <= NO_INSTANCES_SECONDS
    assert scene.row.ending is not None
    assert NO_INSTANCES[1] in scene.row.ending.reason
    assert scene.told is not None
    assert scene.told.until == scene.row.deaths[0].at + NO_INSTANCES_SECONDS


def test_an_instance_that_registers_in_time_takes_the_task() -> None:
    scene = Scene()
    for _ in range(3):
        scene.ecs.errors["launch"] = [refused(*NO_INSTANCES)]
        scene.deliver()
        scene.clock.advance(scene.launches.delays[-1])
    scene.deliver()
    assert scene.row.status is Status.LAUNCHED


def test_other_lacks_of_room_wait_as_before() -> None:
    scene = Scene(timeout_seconds=None)
    assert scene.until_it_ends(*NO_ROOM) > LONGEST_WAIT_SECONDS - 240


@pytest.mark.parametrize(
    ("later", "what"),
    [(Throttled("Rate exceeded"), "throttle"), (NotYet("behind 240 others", 9), "launch_queue")],
)
@pytest.mark.parametrize(
    ("timeout", "until"),
    [(None, lambda began: began + PATIENCE_SECONDS), (900, lambda began: began + 900)],
)
def test_a_launch_that_is_put_off_for_half_a_minute_is_recorded(
    later: Exception, what: str, timeout: int | None, until: Callable[[float], float]
) -> None:
    scene = Scene(timeout_seconds=timeout)
    began = scene.clock()
    while scene.clock() - began < 45:
        if isinstance(later, NotYet):
            scene.pacer.errors = [later]
        else:
            scene.ecs.errors["launch"] = [later]
        scene.deliver()
        told_so_far = scene.told
        assert (told_so_far is None) is (scene.clock() + scene.launches.delays[-1] - began < 30)
        scene.clock.advance(scene.launches.delays[-1])
    assert scene.told is not None
    assert (scene.told.what, scene.told.since) == (what, began)
    assert scene.told.reason == str(later)
    assert scene.told.until == until(began)


def _refused_once(steps: Steps) -> Scene:
    scene = Scene(steps)
    scene.ecs.errors["launch"] = [refused(*NO_ROOM)]
    return scene


def test_a_crash_between_any_two_steps_still_leaves_the_record() -> None:
    clean = Steps()
    _refused_once(clean).deliver()
    told = 0
    for moment in range(len(clean.moments)):
        scene = _refused_once(Steps({moment: crash}))
        with pytest.raises(Crash):
            scene.deliver()
        scene.clock.advance(60)
        scene.launch(scene.run.run_id, 1)
        if scene.row.status is not Status.LAUNCHED:  # the refusal was lost with the function
            assert scene.told is not None, moment
            told += 1
    assert told > len(clean.moments) / 2


RECORD = Waiting(run_id="r", launch=2, what="capacity", reason="no room", since=1.5, until=9.5)


@pytest.fixture(params=["memory", "dynamodb"])
def outcomes(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryOutcomes()
    dynamodb = request.getfixturevalue("dynamodb")
    return DynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable"))


def _standing(outcomes: Any) -> Waiting | None:
    if isinstance(outcomes, MemoryOutcomes):
        return outcomes.waiting.get("r")
    key = {"run_id": {"S": "r"}}
    item = outcomes._client.get_item(TableName=outcomes._table, Key=key).get("Item", {})
    assert not item or "expires_at" in item
    return decode(Waiting, item["waiting"]["S"]) if "waiting" in item else None


def test_the_record_of_a_later_launch_stays(outcomes: Any) -> None:
    outcomes.put_waiting(RECORD)
    outcomes.put_waiting(replace(RECORD, launch=1))
    assert _standing(outcomes) == RECORD
    again = replace(RECORD, until=12.5)
    outcomes.put_waiting(again)
    assert _standing(outcomes) == again


def _blocked(**detail: Any) -> tuple[dict[str, Any], str]:
    """Batch's event about a job of ours, and the job's run."""
    event = sample("batch_job_queue_blocked")
    event["detail"] |= detail
    name = LaunchName.parse(event["detail"]["jobName"])
    return event, name.run_id if name else ""


def test_a_job_that_blocks_its_queue_says_why() -> None:
    scene = Scene()
    event, run_id = _blocked()
    assert scene.track(event) is None
    told = scene.outcomes.waiting[run_id]
    assert (told.what, told.launch, told.since) == ("job_queue", 1, 1_772_323_208.7)
    assert told.reason == f"AWS says: {event['detail']['statusReason']}"


@pytest.mark.parametrize("created", [None, "soon", -1])
def test_without_the_jobs_own_time_the_events_counts(created: Any) -> None:
    scene = Scene()
    event, run_id = _blocked(createdAt=created)
    scene.track(event)
    assert scene.outcomes.waiting[run_id].since == 1_772_323_209
    other = Scene()
    other.track(event | {"time": None})
    assert other.outcomes.waiting == {}


@pytest.mark.parametrize(
    "detail",
    [
        {"jobName": "jb-ffffffff-kijdbjuyw4ra7nhkh5fm-1-load"},
        {"jobName": "report"},
        {"jobName": None},
        {"statusReason": ""},
        {"statusReason": ["x"]},
    ],
)
def test_other_peoples_jobs_and_events_without_a_reason_say_nothing(detail: dict[str, Any]) -> None:
    scene = Scene()
    event, _ = _blocked(**detail)
    assert scene.track(event) is None
    assert scene.outcomes.waiting == {}


def test_a_reason_is_masked() -> None:
    scene = Scene()
    event, run_id = _blocked(statusReason="MISCONFIGURATION: password=hunter2hunter2")
    scene.track(event)
    assert "hunter2" not in scene.outcomes.waiting[run_id].reason
