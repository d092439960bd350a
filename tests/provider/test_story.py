"""The run's story in the task's log: each chapter once, with the run id."""

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_jetbridge.failing import describe
from airflow_provider_jetbridge.story import Storyteller, tell_outcome
from jetbridge.contract import Cause, Death, Launched, Outcome, State, Waiting, encode


class Log(list[Any]):
    def info(self, text: Any, *values: Any) -> None:
        self.append(text % values)

    warning = info


def record(**changes: Any) -> str:
    fields = {"run_id": "01k8run", "backend": "ecs", "region": "r", "backend_id": "arn/1"}
    return encode(Launched(launched_at=1.0, **{**fields, **changes}))


def test_each_part_of_the_story_is_logged_once() -> None:
    log = Log()
    story = Storyteller(log)
    for told in (
        record(),
        record(),
        record(started_at="2026-01-01T00:00:05Z"),
        record(started_at="2026-01-01T00:00:05Z"),
        record(backend_id="arn/2", launch=2),
    ):
        story.launched(told)
    assert log == [
        "Run 01k8run is launched as ECS task arn/1",
        "Run 01k8run has been running since 2026-01-01T00:00:05Z",
        "Run 01k8run is launched as ECS task arn/2 (launch 2)",
    ]


def test_a_late_record_logs_the_launch_and_the_start() -> None:
    log = Log()
    late = record(backend="batch", backend_id="8f2c", started_at="2026-01-01T00:00:05Z")
    Storyteller(log).launched(late)
    assert log == [
        "Run 01k8run is launched as Batch job 8f2c",
        "Run 01k8run has been running since 2026-01-01T00:00:05Z",
    ]


@pytest.mark.parametrize("unreadable", ["", "[]", "{}", '{"run_id": 7}'])
@pytest.mark.parametrize("kind", ["launched", "waiting"])
def test_a_record_that_cannot_be_read_harms_nobody(unreadable: str, kind: str) -> None:
    log = Log()
    getattr(Storyteller(log), kind)(unreadable)
    assert len(log) == 1
    assert "can't be read" in log[0]


def waiting(**changes: Any) -> str:
    fields = {"run_id": "01k8run", "launch": 2, "what": "capacity", "reason": "no room"}
    return encode(Waiting(**{**fields, "since": 0.0, "until": 3600.0, "next_at": 15.0, **changes}))


def test_a_wait_is_logged_once_with_its_end() -> None:
    log = Log()
    story = Storyteller(log)
    for told in (
        waiting(),
        waiting(next_at=45.0),
        waiting(until=None, next_at=None, what="throttle", launch=3),
    ):
        story.waiting(told)
    assert log == [
        "Run 01k8run waits for capacity since 1970-01-01 00:00:00 UTC, next tried at 1970-01-01 "
        "00:00:15 UTC, until 1970-01-01 01:00:00 UTC at most: no room",
        "Run 01k8run waits, because AWS throttles launches, since 1970-01-01 00:00:00 UTC: no room",
    ]


def test_a_wait_that_is_over_is_not_logged() -> None:
    log = Log()
    story = Storyteller(log)
    story.launched(record(launch=2))
    story.waiting(waiting())
    assert log == ["Run 01k8run is launched as ECS task arn/1 (launch 2)"]


def test_a_job_that_blocks_its_queue_is_logged_until_it_runs() -> None:
    log = Log()
    story = Storyteller(log)
    story.launched(record(launch=2))
    blocked = waiting(what="job_queue", until=None, next_at=None, reason="AWS says: CAPACITY")
    story.waiting(blocked)
    story.waiting(blocked)
    assert log[1:] == [
        "Run 01k8run waits to be started by Batch and blocks its job queue since 1970-01-01 "
        "00:00:00 UTC: AWS says: CAPACITY"
    ]
    story.launched(record(launch=2, started_at="2026-01-01T00:00:05Z"))
    told = len(log)
    story.waiting(waiting(what="job_queue", reason="AWS says: late"))
    assert len(log) == told


def test_half_a_minute_without_news_is_logged_once_for_each_launch() -> None:
    log = Log()
    story = Storyteller(log)
    assert story.remind("01k8run")
    assert story.remind("01k8run")
    story.launched(record())
    assert len(log) == 2
    assert story.remind("01k8run")
    assert len(log) == 2, "half a minute has not passed since the launch"
    assert story.remind("01k8run")
    assert story.remind("01k8run")
    story.launched(record(backend="batch", backend_id="8f2c", launch=2))
    assert story.remind("01k8run")
    assert story.remind("01k8run")
    story.launched(record(backend="batch", launch=2, started_at="2026-01-01T00:00:05Z"))
    assert not story.remind("01k8run"), "it runs"
    assert log == [
        "Run 01k8run isn't launched yet: it waits in the launch queue, behind other runs",
        "Run 01k8run is launched as ECS task arn/1",
        "Run 01k8run: its ECS task doesn't run yet: ECS places it, prepares its network and pulls "
        "its images",
        "Run 01k8run is launched as Batch job 8f2c (launch 2)",
        "Run 01k8run: its Batch job doesn't run yet: it waits in its queue for room (RUNNABLE), or "
        "its images are pulled (STARTING)",
        "Run 01k8run has been running since 2026-01-01T00:00:05Z",
    ]


def test_the_whole_story(make_outcome: Callable[..., Outcome]) -> None:
    log = Log()
    death = Death(
        launch=1, cause=Cause.SPOT_INTERRUPTION, reason="Spot", backend_id="arn/1", at=1.0
    )
    tell_outcome(
        log,
        make_outcome(
            state=State.FAILED,
            cause=Cause.APPLICATION_EXIT,
            exit_codes={"main": 3},
            deaths=[death],
            launches=2,
            backend_id="arn/2",
            started_at="2026-01-01T00:00:05Z",
            stopped_at="2026-01-01T00:00:09Z",
        ),
    )
    assert log == [
        "Run 01k8run: launch 1 (arn/1) was replaced: spot interruption. AWS says: Spot",
        "Run 01k8run was launched as ECS task arn/2 (launch 2)",
        "Run 01k8run ran from 2026-01-01T00:00:05Z to 2026-01-01T00:00:09Z",
        "Run 01k8run failed: application exit, exit codes {'main': 3}",
    ]


def test_a_run_that_was_never_launched_has_a_short_story(
    make_outcome: Callable[..., Outcome],
) -> None:
    log = Log()
    tell_outcome(log, make_outcome(state=State.STOPPED, backend_id=None, exit_codes={}))
    assert log == ["Run 01k8run stopped: completed, exit codes {}"]


def test_a_log_that_was_not_read_is_a_warning(make_outcome: Callable[..., Outcome]) -> None:
    log = Log()
    outcome = make_outcome(
        state=State.SUCCEEDED, advice="Could not be read:\n::group::", unread=["a/main/1", HOSTILE]
    )
    tell_outcome(log, outcome)
    assert [line for line in log if "log stream a/main/1 was not read" in line]
    assert "Could not be read" in log[-1]
    assert "\n::group::" not in "\n".join(log)


def test_advice_on_the_size_is_logged_and_does_not_act_on_the_page(
    make_outcome: Callable[..., Outcome],
) -> None:
    log = Log()
    tell_outcome(log, make_outcome(size_advice="3 of 16 GB used: 4 GB would do"))
    assert log[-1] == "Run 01k8run, size: 3 of 16 GB used: 4 GB would do"
    tell_outcome(log, make_outcome(size_advice="\n::group::"))
    assert "\n::group::" not in log[-1]


HOSTILE = "::group::Post Execute\r\x1b]0;title\x07\n[2026-01-01] ERROR - airflow \u202e"
SHOWN = ":\\:group::Post Execute␍␛]0;title␇\n    [2026-01-01] ERROR - airflow <U+202E>"


def test_what_others_say_does_not_act_on_the_page(make_outcome: Callable[..., Outcome]) -> None:
    death = Death(
        launch=1, cause=Cause.SPOT_INTERRUPTION, reason=HOSTILE, backend_id="arn/1", at=1.0
    )
    outcome = make_outcome(
        state=State.FAILED,
        cause=Cause.APPLICATION_EXIT,
        reason=HOSTILE,
        last_lines=["before", HOSTILE, "::endgroup::"],
        deaths=[death],
    )
    text = describe(outcome)
    assert f"AWS says: {SHOWN}\n" in text
    assert text.endswith(f"Last log lines:\n  before\n  {SHOWN}\n  :\\:endgroup::")
    log = Log()
    tell_outcome(log, outcome)
    assert log[0].endswith(f"AWS says: {SHOWN}")
    Storyteller(log).launched('{"run_id": "::group::')
    assert "::group::" not in "".join(log)
