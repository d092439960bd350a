"""A launch that dies of the platform is replaced within the run; one that doesn't ends it."""

from typing import Any

import pytest
from jetbridge_testing.backends import refused
from jetbridge_testing.core import Core
from jetbridge_testing.samples import DEFINITIONS, STACK_KEY, change, event, new_run
from jetbridge_testing.steps import Crash, Steps, crash
from msgspec.structs import replace

from jetbridge.backends.parameters import launch_parameters
from jetbridge.contract import Cause, FailurePolicy, StartRequest, StopRequest
from jetbridge.failures import next_launch
from jetbridge.failures.decision import DEATHS_KEPT, LONGEST_WAIT_SECONDS
from jetbridge.runs.names import LaunchName
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Definition, Run, Status

SPOT = "ecs_spot_interruption"
NO_ROOM = Ending(code="RESOURCE:MEMORY", reason="RunTask")
SPOT_STRATEGY = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]


def _request(**fields: Any) -> StartRequest:
    policy = {k: fields.pop(k) for k in ("infra_retries", "spot_fall_back") if k in fields}
    return replace(new_run().request, failure_policy=FailurePolicy(**policy), **fields)


class Scene(Core):
    """A run that launch_run has launched."""

    def __init__(self, steps: Steps | None = None, **fields: Any) -> None:
        super().__init__(steps.watch if steps else lambda port: port)
        self.run = new_run(request=_request(**fields))
        self.runs.create(self.run)
        self.begin()

    def begin(self) -> None:
        self.launch(self.run.run_id, self.row.launch)

    def dies(self, name: str, launch: int | None = None) -> None:
        self.track(self.death(name, launch or self.row.launch))

    def death(self, name: str, launch: int) -> dict[str, Any]:
        reported = event(name)
        started_by = str(LaunchName(STACK_KEY, self.run.run_id, launch))
        reported["detail"] |= {"startedBy": started_by, "taskArn": f"ecs-{launch - 1}"}
        return reported

    @property
    def row(self) -> Run:
        row = self.memory.get(self.run.run_id)
        assert row is not None
        return row


def test_infrastructure_deaths_are_replaced_until_the_retries_are_used_up() -> None:
    scene = Scene()
    waits = []
    for launch in (1, 2):
        scene.dies(SPOT)
        assert (scene.row.status, scene.row.launch) == (Status.ACCEPTED, launch + 1)
        assert scene.launches.messages[-1] == {"run_id": scene.run.run_id, "launch": launch + 1}
        waits.append(scene.launches.delays[-1])
        scene.clock.advance(waits[-1])
        scene.begin()
    assert waits == [5, 10]
    scene.dies(SPOT)
    assert scene.row.status is Status.ENDED
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]
    assert [(d.launch, d.cause, d.backend_id) for d in scene.row.deaths] == [
        (1, Cause.SPOT_INTERRUPTION, "ecs-0"),
        (2, Cause.SPOT_INTERRUPTION, "ecs-1"),
    ]
    assert [death.reason for death in scene.row.deaths] == ["Your Spot Task was interrupted."] * 2
    assert len(scene.ecs.launched) == 3


def test_without_retries_the_first_death_ends_the_run() -> None:
    scene = Scene(infra_retries=0)
    scene.dies(SPOT)
    assert (scene.row.status, scene.row.deaths) == (Status.ENDED, [])


@pytest.mark.parametrize("name", ["ecs_stopped_exit_3", "ecs_cannot_pull_container"])
def test_the_jobs_own_failures_are_not_replaced(name: str) -> None:
    scene = Scene()
    scene.dies(name)
    assert scene.row.status is Status.ENDED
    assert scene.launches.messages == []


def test_waiting_for_capacity_uses_up_no_retries_and_ends_after_an_hour() -> None:
    scene = Scene(infra_retries=0)
    scene.dies("ecs_capacity_unavailable")
    begun = scene.clock()
    waits = [scene.launches.delays[-1]]
    while scene.row.status is not Status.ENDED:
        scene.clock.advance(waits[-1])
        scene.ecs.errors["launch"] = [refused(NO_ROOM.code, NO_ROOM.reason)]
        scene.begin()
        waits.append(scene.launches.delays[-1])
    assert waits[:6] == [15, 30, 60, 120, 240, 240]
    assert LONGEST_WAIT_SECONDS - 240 <= scene.clock() - begun <= LONGEST_WAIT_SECONDS
    assert scene.row.ending == NO_ROOM
    assert scene.finishes.messages == [{"run_id": scene.run.run_id}]
    assert len(scene.ecs.launched) == 1


def test_waiting_is_bounded_by_the_runs_own_timeout() -> None:
    run = new_run(request=_request(timeout_seconds=100))
    assert next_launch(run, NO_ROOM, run.created_at + 84) is not None
    assert next_launch(run, NO_ROOM, run.created_at + 85) is None
    long = new_run(request=_request(timeout_seconds=40_000))
    assert next_launch(long, NO_ROOM, long.created_at + 30_000) is not None


def test_record_of_a_long_wait_stays_small() -> None:
    run = new_run(request=_request(timeout_seconds=10**7))
    for number in range(300):
        cause = change(SPOT).ending if number == 150 else NO_ROOM
        assert cause is not None
        relaunch = next_launch(run, cause, run.created_at + 240 * number)
        assert relaunch is not None
        run = replace(run, launch=relaunch.launch, deaths=relaunch.deaths)
    assert len(run.deaths) == DEATHS_KEPT
    assert run.launch == 301
    assert run.deaths[-1].launch == 300
    assert sum(death.cause is Cause.SPOT_INTERRUPTION for death in run.deaths) == 1


def test_relaunch_waits_for_its_time() -> None:
    scene = Scene()
    scene.dies(SPOT)
    scene.begin()
    assert len(scene.ecs.launched) == 1
    assert (scene.launches.messages[-1]["launch"], scene.launches.delays[-1]) == (2, 5)
    scene.clock.advance(5)
    scene.begin()
    assert len(scene.ecs.launched) == 2


@pytest.mark.parametrize("moment", range(8))
def test_crash_between_commit_and_message_is_made_good_by_redelivery(moment: int) -> None:
    steps = Steps()
    scene = Scene(steps)
    steps.plan[len(steps.moments) + moment] = crash
    death = scene.death(SPOT, 1)
    try:
        scene.track(death)
    except Crash:
        scene.track(death)
    assert {"run_id": scene.run.run_id, "launch": 2} in scene.launches.messages
    assert (scene.row.launch, len(scene.row.deaths)) == (2, 1)


def test_redelivered_refusal_sends_the_relaunch_again() -> None:
    scene = Scene()
    scene.dies("ecs_capacity_unavailable")
    scene.launches.messages.clear()
    scene.launch(scene.run.run_id, 1)
    assert scene.launches.messages == [{"run_id": scene.run.run_id, "launch": 2}]


def test_lost_relaunch_message_is_sent_again_by_the_sweeper() -> None:
    scene = Scene()
    scene.dies(SPOT)
    scene.launches.messages.clear()
    scene.clock.advance(900)
    assert scene.sweep().relaunched == 1
    assert scene.launches.messages == [{"run_id": scene.run.run_id, "launch": 2}]


def test_events_of_a_superseded_launch_change_nothing() -> None:
    scene = Scene()
    scene.dies(SPOT)
    scene.clock.advance(5)
    scene.begin()
    second = scene.row
    for name in ("ecs_running", "ecs_stopped_exit_0", SPOT):
        scene.dies(name, launch=1)
    assert scene.row == second
    assert scene.finishes.messages == []


def test_late_stop_beats_a_relaunch() -> None:
    steps = Steps()
    scene = Scene(steps)
    wish = StopRequest(run_ids=[scene.run.run_id], reason="cleared", by="ada")
    # Between reading the row and writing the relaunch.
    steps.plan[len(steps.moments) + 2] = lambda: (scene.stop(wish), None)[1]
    scene.dies(SPOT)
    assert (scene.row.status, scene.row.launch) == (Status.ENDED, 1)
    assert scene.row.stop is not None
    assert scene.finishes.messages[0] == {"run_id": scene.run.run_id}


def test_stop_while_waiting_for_a_relaunch_ends_at_once() -> None:
    scene = Scene()
    scene.dies(SPOT)
    scene.stop(StopRequest(run_ids=[scene.run.run_id], reason="cleared", by="ada"))
    assert scene.row.status is Status.ENDED
    scene.clock.advance(60)
    scene.launch(scene.run.run_id, 2)
    assert len(scene.ecs.launched) == 1


def _spot_run(**fields: Any) -> Run:
    task = (new_run().request.run_task or {}) | {"capacityProviderStrategy": SPOT_STRATEGY}
    task.pop("launchType", None)
    return new_run(request=_request(run_task=task, **fields), definition=DEFINITIONS["ecs"])


def _after(run: Run, ending: Ending | None) -> tuple[Run, float]:
    assert ending is not None
    relaunch = next_launch(run, ending, run.created_at)
    assert relaunch is not None
    after = replace(run, launch=relaunch.launch, deaths=relaunch.deaths)
    return after, relaunch.not_before - run.created_at


@pytest.mark.parametrize("ending", [change(SPOT).ending, NO_ROOM])
def test_spot_falls_back_to_fargate_when_asked(ending: Ending) -> None:
    run = _spot_run(spot_fall_back=True)
    assert launch_parameters(run) == run.request.parameters
    after, wait = _after(run, ending)
    assert wait == 0
    on_demand = [{"capacityProvider": "FARGATE", "weight": 1}]
    assert launch_parameters(after) == run.request.parameters | {
        "capacityProviderStrategy": on_demand
    }
    again, wait = _after(after, NO_ROOM)
    assert wait >= 15
    assert launch_parameters(again) == launch_parameters(after)


def test_spot_stays_spot_when_not_asked() -> None:
    run = _spot_run()
    after, wait = _after(run, change(SPOT).ending)
    assert wait == 5
    assert launch_parameters(after) == run.request.parameters


def test_clusters_default_strategy_is_left_only_after_an_interruption() -> None:
    task = {"cluster": "reports", "taskDefinition": "report"}
    run = new_run(request=_request(run_task=task, spot_fall_back=True))
    after, _ = _after(run, NO_ROOM)
    assert launch_parameters(after) == task
    after, _ = _after(run, change(SPOT).ending)
    assert "capacityProviderStrategy" in launch_parameters(after)


@pytest.mark.parametrize(
    ("seconds", "given", "expected"),
    [(600, None, 600), (60, None, 60), (59, None, None), (None, None, None), (600, 90, 90)],
)
def test_batch_enforces_the_runs_timeout_itself(
    seconds: int | None, given: int | None, expected: int | None
) -> None:
    asked = new_run("airflow_batch").request
    job = dict(asked.submit_job or {})
    job.pop("timeout", None)
    if given is not None:
        job["timeout"] = {"attemptDurationSeconds": given}
    run = new_run(request=replace(asked, submit_job=job, timeout_seconds=seconds))
    timeout = {"attemptDurationSeconds": expected} if expected else None
    assert launch_parameters(run).get("timeout") == timeout


@pytest.mark.parametrize(("definitions", "expected"), [(600, None), (601, 600), (None, 600)])
def test_the_shorter_of_the_runs_and_the_definitions_timeout_holds(
    definitions: int | None, expected: int | None
) -> None:
    asked = new_run("airflow_batch").request
    job = {key: value for key, value in (asked.submit_job or {}).items() if key != "timeout"}
    pinned = Definition(arn="arn:d", timeout_seconds=definitions)
    run = new_run(request=replace(asked, submit_job=job, timeout_seconds=600), definition=pinned)
    timeout = {"attemptDurationSeconds": expected} if expected else None
    assert launch_parameters(run).get("timeout") == timeout
