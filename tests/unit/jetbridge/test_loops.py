"""No chain of messages is cut by Lambda's guard against loops, and none is endless.

Each chain here is longer than the 16 invocations after which the guard stops a function, and
passes since template.yaml says ``RecursiveLoop: Allow`` for it: without it, the same test loses
its message.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.core import Core, stop_of
from jetbridge_testing.loops import (
    INVOCATIONS,
    Chains,
    feeds,
    guarded,
    may_loop,
    on_circles,
)
from jetbridge_testing.memory import MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.notices import outcome_of, run_of
from jetbridge_testing.samples import launched_run, new_run, request
from jetbridge_testing.template import FUNCTIONS, QUEUES, granted, role_of, template
from msgspec.structs import replace

from jetbridge.backends.port import LaunchRefused, Throttled
from jetbridge.contract import (
    Cause,
    decode,
    to_builtins,
)
from jetbridge.failures import judge
from jetbridge.notify.airflow_port import Answer, Unavailable
from jetbridge.notify.breaker import Breaker
from jetbridge.notify.notify import Notify
from jetbridge.queues.messages import Notice, Orphan, OrphanMessage, StopMessage
from jetbridge.queues.patience import PATIENCE_SECONDS, throttled_seconds
from jetbridge.runs.notices import notices
from jetbridge.runs.run import Run, Status

HOUR, DAY = 3600, 24 * 3600
LAUNCH, STOP, FINISH = "LaunchRunFunction", "StopRunFunction", "FinishRunFunction"
NOTIFY, COPY, TRACK = "NotifyAirflowFunction", "CopyLogsFunction", "TrackRunFunction"
Allowed = Callable[[str], bool]


# The template


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_loop_if_and_only_if_it_is_on_a_circle(function: str) -> None:
    assert may_loop(function) == (function in on_circles(template()["Resources"]))


def test_the_circles() -> None:
    """Those that are known, so that what finds them is seen to find something."""
    fed = feeds(template()["Resources"])
    for function in (LAUNCH, STOP, NOTIFY, COPY):
        assert function in fed[function], "it sends to itself"
    assert TRACK in fed[LAUNCH] & fed[STOP], "by what ECS and Batch report"
    assert {LAUNCH, STOP} <= fed[TRACK]
    assert on_circles(template()["Resources"]) == {LAUNCH, TRACK, STOP, NOTIFY, COPY}


@pytest.mark.parametrize(
    ("sender", "queue", "more"),
    [
        (FINISH, "FinishQueue", {FINISH}),
        (COPY, "FinishQueue", {FINISH}),
        (NOTIFY, "LaunchQueue", {FINISH}),
        ("StartRunFunction", "FinishQueue", set()),
    ],
)
def test_a_new_circle_is_found(sender: str, queue: str, more: set[str]) -> None:
    changed = copy.deepcopy(template()["Resources"])
    grant = {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": [queue, "Arn"]},
    }
    granted(changed[role_of(sender)]).append(grant)
    assert on_circles(changed) == on_circles(template()["Resources"]) | more


@pytest.mark.parametrize(
    "grant",
    [
        {"Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": "*"},
        {
            "Action": "lambda:InvokeFunction",
            "Resource": {"Fn::GetAtt": ["SweepRunsFunction", "Arn"]},
        },
    ],
)
def test_a_new_circle_by_a_wildcard_or_an_invocation_is_found(grant: dict[str, Any]) -> None:
    changed = copy.deepcopy(template()["Resources"])
    granted(changed[role_of("SweepRunsFunction")]).append(grant)
    granted(changed[role_of(STOP)]).append(
        {
            "Action": "lambda:InvokeFunction",
            "Resource": {"Fn::GetAtt": ["SweepRunsFunction", "Arn"]},
        }
    )
    assert "SweepRunsFunction" in on_circles(changed)


def test_throttles_of_a_new_account_do_not_use_up_the_receives() -> None:
    """Ten executions at once (AWS Lambda developer guide, "Lambda quotas") for all that the
    mappings ask for: a batch is throttled as often if every one of them has work."""
    asked = 0
    for function in FUNCTIONS.values():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "SQS":
                limit = event["Properties"]["ScalingConfig"]["MaximumConcurrency"]
                known = template()["Parameters"]
                asked += limit if isinstance(limit, int) else known[limit["Ref"]]["Default"]
    throttled = 1 - 10 / asked
    for queue in QUEUES.values():
        policy = queue["Properties"].get("RedrivePolicy")
        if policy is not None:
            receives = policy["maxReceiveCount"]
            assert throttled**receives < 1e-9
            spent = receives * queue["Properties"]["VisibilityTimeout"]
            kept = queue["Properties"]["MessageRetentionPeriod"]
            assert spent < kept / 7, "most of the 14 days are left for the dead letter"


# Launches


class Launches(Core):
    """A run that waits for its launch; every service reads its queue, in chains of messages."""

    def __init__(self, kind: str, allowed: Allowed, timeout_seconds: int | None) -> None:
        clock = Clock()
        self.chains = Chains(clock, allowed)
        queues = {
            "launch": self.chains.queue(LAUNCH, self._launch),
            "stop": self.chains.queue(STOP, self._stop),
            "finish": MemoryQueue(),
            "copy": MemoryQueue(),
        }
        super().__init__(clock=clock, queues=queues)
        asked = replace(request(f"airflow_{kind}"), timeout_seconds=timeout_seconds)
        self.run = new_run(f"airflow_{kind}", request=asked, created_at=clock())
        self.runs.create(self.run)
        self.backend = self.backends[kind]
        self.began = clock()
        self.launches.send({"run_id": self.run.run_id, "launch": 1})

    @property
    def row(self) -> Run:
        row = self.runs.get(self.run.run_id)
        assert isinstance(row, Run)
        return row

    def fails_for(self, seconds: float, error: Exception) -> None:
        launch = self.backend.launch

        def launch_later(*given: Any) -> str:
            if self.clock() < self.began + seconds:
                raise error
            return str(launch(*given))

        self.backend.launch = launch_later

    def live(self, seconds: float) -> None:
        """With a sweep each minute."""
        while self.clock() < self.began + seconds:
            self.chains.run(self.clock() + 60)
            self.sweep()

    def _launch(self, message: dict[str, Any]) -> None:
        self.launch(message["run_id"], message["launch"], message.get("since"))

    def _stop(self, message: dict[str, Any]) -> None:
        self.stop(stop_of(message))


@pytest.mark.parametrize("kind", ["ecs", "batch"])
def test_launch_that_is_throttled_for_an_hour(kind: str) -> None:
    core = Launches(kind, may_loop, None)
    core.fails_for(HOUR, Throttled("Rate exceeded"))
    core.live(HOUR + 120)
    assert (core.row.status, len(core.backend.launched)) == (Status.LAUNCHED, 1)
    assert INVOCATIONS < core.chains.longest[LAUNCH] < 120
    assert (core.chains.dropped, core.chains.dead) == ([], [])


@pytest.mark.parametrize("kind", ["ecs", "batch"])
def test_the_guard_would_have_cut_a_throttled_launch(kind: str) -> None:
    core = Launches(kind, guarded, None)
    core.fails_for(HOUR, Throttled("Rate exceeded"))
    core.chains.run(core.began + HOUR + 120)
    assert core.row.status is Status.ACCEPTED
    assert [function for function, _ in core.chains.dropped] == [LAUNCH]
    assert core.clock() - core.began > 80


# Ten thousand tries of one message; the other tests have both kinds.
@pytest.mark.parametrize("kind", ["ecs", pytest.param("batch", marks=pytest.mark.nightly)])
def test_launch_that_is_throttled_for_ever_ends_the_run_after_a_week(kind: str) -> None:
    core = Launches(kind, may_loop, None)
    core.fails_for(float("inf"), Throttled("Rate exceeded"))
    core.chains.run()
    assert core.row.status is Status.ENDED
    assert 0 < core.clock() - core.began - PATIENCE_SECONDS <= 61
    [(_, reason)] = core.chains.dead
    assert "7 days" in reason
    assert core.chains.sent < PATIENCE_SECONDS / 60 + 100


@pytest.mark.parametrize("kind", ["ecs", "batch"])
def test_wait_for_capacity_until_the_runs_timeout(kind: str) -> None:
    core = Launches(kind, may_loop, 6 * HOUR)
    core.fails_for(float("inf"), LaunchRefused("RESOURCE:MEMORY", "no room"))
    core.live(6 * HOUR + 300)
    assert core.row.status is Status.ENDED
    assert core.row.ending is not None
    assert judge(core.row.ending).cause is Cause.CAPACITY
    assert core.row.launch > 50
    assert core.chains.longest[LAUNCH] > INVOCATIONS
    assert (core.chains.dropped, core.chains.dead) == ([], [])


@pytest.mark.parametrize("kind", ["ecs", "batch"])
def test_room_that_comes_before_the_timeout_is_taken(kind: str) -> None:
    core = Launches(kind, may_loop, 6 * HOUR)
    core.fails_for(5.5 * HOUR, LaunchRefused("RESOURCE:MEMORY", "no room"))
    core.live(5.5 * HOUR + 280)
    assert (core.row.status, len(core.backend.launched)) == (Status.LAUNCHED, 1)
    assert core.chains.dropped == []


def test_the_guard_would_have_cut_the_wait_for_capacity() -> None:
    core = Launches("ecs", guarded, 6 * HOUR)
    core.fails_for(5.5 * HOUR, LaunchRefused("RESOURCE:MEMORY", "no room"))
    core.chains.run(core.began + 6 * HOUR)
    assert core.backend.launched == []
    assert [function for function, _ in core.chains.dropped] == [LAUNCH]


# Stops


@pytest.mark.parametrize(("allowed", "stopped"), [(may_loop, 1), (guarded, 0)])
@pytest.mark.parametrize("what", ["run", "orphan"])
def test_stop_that_is_throttled_for_an_hour(
    what: str, allowed: Allowed, stopped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    chains = Chains(clock, allowed)
    names = ("launch", "finish", "copy")
    queues: dict[str, Any] = {name: MemoryQueue() for name in names}
    core = Core(clock=clock, queues=queues | {"stop": chains.queue(STOP)})
    core.runs.create(launched_run(run_id="r"))
    stop, began = core.ecs.stop, clock()

    def stop_later(*given: Any) -> None:
        if clock() < began + HOUR:
            raise Throttled("Rate exceeded")
        stop(*given)

    monkeypatch.setattr(core.ecs, "stop", stop_later)

    def read(message: dict[str, Any]) -> None:
        if "orphan" in message:
            asked = decode(OrphanMessage, message)
            core.stop_orphan(asked.orphan, asked.since)
        else:
            core.stop.of_message(stop_of(message))

    chains.read(STOP, read)
    orphan = Orphan(backend="ecs", place="reports", backend_id="arn/1", reason="no run")
    wish = StopMessage(run_ids=["r"], reason="cleared")
    core.stops.send(wish if what == "run" else OrphanMessage(orphan=orphan))
    chains.run()
    assert (len(core.ecs.stopped), len(chains.dropped)) == (stopped, 1 - stopped)
    assert (chains.longest[STOP] > INVOCATIONS) is (allowed is may_loop)


@given(age=st.floats(0, 20 * DAY))
def test_what_is_throttled_is_tried_again_less_and_less_often(age: float) -> None:
    delay = throttled_seconds(1e9, 1e9 + age)
    assert 5 <= delay <= 60
    assert delay <= throttled_seconds(1e9, 1e9 + age * 2)
    assert delay <= max(5, age / 10 + 1)


# Notices


class DownAirflow:
    """An Airflow that doesn't answer until some time, and then resumes the task."""

    def __init__(self, clock: Clock, until: float) -> None:
        self.clock, self.until = clock, until
        self.heard = self.calls = 0

    def call(self, *given: Any, **named: Any) -> Answer:
        self.calls += 1
        if self.clock() < self.until:
            raise Unavailable("connection refused", altogether=True)
        self.heard += 1
        return Answer(status=200, body={"status": "resumed"})


def _notices(days: float, allowed: Allowed) -> tuple[Chains, DownAirflow]:
    run = run_of(finish="push")
    outcome = outcome_of(run)
    clock = Clock(outcome.finished_at)
    runs, outcomes = MemoryRuns(900, clock), MemoryOutcomes()
    runs.create(run)
    outcomes.seal(outcome)
    airflow = DownAirflow(clock, clock() + days * DAY)
    chains = Chains(clock, allowed)
    queue = chains.queue(NOTIFY)
    notify = Notify(runs, outcomes, airflow, queue, Breaker(clock), "feed", clock, lambda: 0.5)
    chains.read(NOTIFY, lambda message: notify(decode(Notice, message)))
    for notice in notices(run.request, outcome, "feed"):
        queue.send(to_builtins(notice))
    return chains.run(), airflow


def test_airflow_that_is_down_for_a_week() -> None:
    chains, airflow = _notices(7, may_loop)
    assert airflow.heard == 1
    assert chains.longest[NOTIFY] > INVOCATIONS
    assert (chains.dropped, chains.dead) == ([], [])


def test_the_guard_would_have_cut_the_notice_within_the_hour() -> None:
    chains, airflow = _notices(7, guarded)
    assert airflow.heard == 0
    assert [function for function, _ in chains.dropped] == [NOTIFY]
    assert chains.clock() < airflow.until - 7 * DAY + 1.5 * HOUR


def test_airflow_that_is_down_for_two_weeks_has_a_dead_letter() -> None:
    chains, airflow = _notices(14, may_loop)
    [(_, reason)] = chains.dead
    assert "13 days" in reason
    assert (airflow.heard, chains.dropped) == (0, [])
