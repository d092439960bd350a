"""Whatever AWS's records hold becomes a readable row, or nothing."""

import json
import math
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jetbridge_testing.core import Core
from jetbridge_testing.mutations import mutated
from jetbridge_testing.samples import (
    STACK_KEY,
    STATE_CHANGES,
    event,
    launched_run,
    new_run,
    sample,
)

from jetbridge.aws.items import marshal
from jetbridge.aws.records import (
    MOST_CONTAINERS,
    MOST_LOG_NAMES,
    WORDS_BYTES,
    Fields,
    RecordError,
    presentable,
)
from jetbridge.backends.changes import from_event
from jetbridge.contract import ContractError, decode
from jetbridge.failures import judge
from jetbridge.queues.copies import LogPart
from jetbridge.runs.item import from_item, to_item
from jetbridge.runs.reports import Ending, StateChange
from jetbridge.runs.run import Status
from jetbridge.secrets.lines import masked_text

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
ODD = [None, 5, 1.5, True, [], {}, "\ud800", 2**70, math.nan, ["x"], {"a": 1}]


def _ended(**changes: Any) -> Ending:
    stopped = event("ecs_stopped_exit_3")
    stopped["detail"] |= changes
    found = from_event(stopped, STACK_KEY)
    assert found is not None
    assert found.ending is not None
    return found.ending


def _container(**changes: Any) -> Ending:
    containers = event("ecs_stopped_exit_3")["detail"]["containers"]
    return _ended(containers=[containers[0] | changes])


@pytest.mark.parametrize("value", [None, 5, 1.5, [], {}])
def test_texts_that_are_none_are_missing(value: object) -> None:
    assert _ended(stopCode=value).code == ""
    assert _ended(stoppedReason=value).reason == ""
    assert _container(reason=value).containers[0].reason == ""
    assert _container(runtimeId=value).log_names == []


@pytest.mark.parametrize("value", [None, "3", 1.5, True, [], 2**31, 2**70, math.nan, math.inf])
def test_exit_code_that_is_none_is_missing(value: object) -> None:
    ending = _container(exitCode=value)
    assert ending.containers[0].exit_code is None
    assert judge(ending).state.value == "failed"


@pytest.mark.parametrize("value", [0, 3, 255, -1, 3.0])
def test_exit_codes(value: float) -> None:
    assert _container(exitCode=value).containers[0].exit_code == value


@pytest.mark.parametrize("value", [None, 3.5, "4", -1, 2**31, 2**70, True, math.inf])
def test_version_that_is_none_overtakes_nothing(value: object) -> None:
    running = event("ecs_running")
    running["detail"]["version"] = value
    found = from_event(running, STACK_KEY)
    assert found is not None
    assert found.order == 0


@pytest.mark.parametrize("value", ODD)
def test_members_that_are_none_make_no_success(value: object) -> None:
    """One container is what it was, with exit code 0; of the other, nobody knows anything."""
    good = event("ecs_stopped_exit_0")["detail"]["containers"][0]
    ending = _ended(stopCode="EssentialContainerExited", containers=[good, value])
    assert len(ending.containers) == 2
    assert judge(ending).state.value == "failed"


@pytest.mark.parametrize("value", [None, 5, "x", {}, {"name": "main", "exitCode": 0}])
def test_containers_that_are_no_list_are_none(value: object) -> None:
    ending = _ended(stopCode="EssentialContainerExited", containers=value)
    assert ending.containers == []
    assert judge(ending).state.value == "failed"


@pytest.mark.parametrize(
    "value", [None, True, "yesterday", "", 10**20, -1, math.nan, "0001-01-01T00:00:00Z", [], {}]
)
def test_times_that_are_none_are_missing(value: object) -> None:
    assert _ended(stoppedAt=value).stopped_at is None


def test_time_without_a_zone_is_utc() -> None:
    assert _ended(stoppedAt="2026-03-01T00:00:00").stopped_at == "2026-03-01T00:00:00.000Z"
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC).replace(tzinfo=None)
    assert Fields({"at": noon}).moment("at") == "2026-03-01T12:00:00.000Z"


@pytest.mark.parametrize("value", ["x", 5, {}, None, [None], [5], [{"container": 5}], [[]]])
def test_attempts_of_any_kind(value: object) -> None:
    failed = event("batch_failed_two_attempts")
    failed["detail"] |= {"attempts": value}
    found = from_event(failed, STACK_KEY)
    assert found is not None
    assert found.ending is not None
    assert found.ending.log_names == []


@pytest.mark.parametrize("given_event", [None, [], "x", 5, {}, {"detail-type": 5}])
def test_a_message_that_isnt_an_event_is_given_up_with_the_reason(given_event: object) -> None:
    with pytest.raises(RecordError, match="detail-type"):
        from_event(given_event, STACK_KEY)


@pytest.mark.parametrize("number", [1_000, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_thousands_of_containers_fit_and_hide_no_failure(number: int) -> None:
    good = {"name": "c" * 255, "exitCode": 0, "reason": "ü" * 600, "runtimeId": "r" * 512}
    ending = _ended(
        stopCode="EssentialContainerExited",
        containers=[good] * (number - 1) + [good | {"exitCode": 1}],
    )
    assert len(ending.containers) == MOST_CONTAINERS
    assert len(ending.log_names) <= MOST_LOG_NAMES
    assert judge(ending).cause.value == "application_exit"
    row = to_item(new_run(status=Status.ENDED, ending=ending))
    assert len(json.dumps(row)) < 200_000


def test_of_many_streams_the_latest_are_kept() -> None:
    failed = event("batch_failed_two_attempts")
    attempt = failed["detail"]["attempts"][0]
    attempt["container"]["logStreamName"] = "x" * 512
    failed["detail"]["attempts"] = [attempt] * 500
    found = from_event(failed, STACK_KEY)
    assert found is not None
    assert found.ending is not None
    names = found.ending.log_names
    assert names[-1].attempt == 500
    assert len({name.attempt for name in names}) == len(names) > 50
    assert len(to_item(new_run(ending=found.ending))["ending"]) < 100_000


@given(st.text(st.characters(codec=None)), st.integers(40, 2000))
def test_presentable(text: str, limit: int) -> None:
    shown = presentable(text, limit)
    assert len(shown.encode()) <= limit
    assert presentable(shown, limit) == shown


@pytest.mark.parametrize("long", ["x" * 1_000_000, "ü" * 500_000, "\ud800" * 500_000])
def test_long_texts_keep_their_beginning_and_end(long: str) -> None:
    shown = presentable(f"CannotPull {long} not found")
    assert WORDS_BYTES - 10 < len(shown.encode()) <= WORDS_BYTES
    assert shown.startswith("CannotPull ")
    assert shown.endswith(" not found")


@pytest.mark.parametrize("value", [-1, 10**400, 2**64, 1.5, None])
def test_time_of_a_part_that_is_none_is_refused(value: object) -> None:
    [record] = sample("copy_logs/part")["Records"]
    part = json.loads(record["body"])["part"]
    with pytest.raises(ContractError, match="stopped_at"):
        decode(LogPart, part | {"stopped_at": value})


def _readable(change: StateChange) -> None:
    run = launched_run(
        "airflow_ecs" if change.backend == "ecs" else "airflow_batch",
        launch=change.launch,
        backend_id=change.backend_id,
        backend_status=change.status,
        change_order=change.order,
        ending=change.ending,
    )
    assert from_item(marshal(to_item(run))) == run


@given(st.integers(0, 2**64), st.sampled_from(STATE_CHANGES))
def test_any_mutated_event_leaves_a_readable_row_or_is_ignored(seed: int, name: str) -> None:
    try:
        change = from_event(mutated(event(name), random.Random(seed)), STACK_KEY)
    except RecordError:
        return
    if change is not None:
        _readable(change)


@given(st.data(), st.sampled_from(["ecs_stopped_exit_3", "batch_failed_two_attempts"]))
def test_any_json_in_any_field(data: st.DataObject, name: str) -> None:
    sent = event(name)
    for field in data.draw(st.sets(st.sampled_from(sorted(sent["detail"])), max_size=3)):
        sent["detail"][field] = data.draw(JSON)
    try:
        change = from_event(sent, STACK_KEY)
    except RecordError:
        return
    if change is not None:
        _readable(change)


@example(36383, False)
@given(st.integers(0, 2**64), st.booleans())
def test_any_sweep_handles_all_other_runs(seed: int, first: bool) -> None:
    """Beside a task of which AWS says something odd is one that has ended."""
    odd, other = launched_run(), launched_run(run_id="a" * 20, backend_id="arn/other")
    core = Core()
    for run in (odd, other) if first else (other, odd):
        core.runs.create(run)
    core.clock.advance(1000)
    stopped = event("ecs_stopped_exit_3")["detail"]
    name = stopped["startedBy"].replace(odd.run_id, other.run_id)
    records = [
        mutated(event("ecs_running")["detail"], random.Random(seed)),
        stopped | {"startedBy": name, "taskArn": "arn/other"},
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core.ecs, "describe", lambda place, ids: records)
        core.sweep()
    row = core.runs.get(other.run_id)
    assert row is not None
    assert row.status is Status.ENDED
    left = core.runs.get(odd.run_id)
    assert left is not None
    assert left.ending is None, "AWS knows it: it isn't lost"


@pytest.mark.parametrize("limit", [500, 1024])
@pytest.mark.parametrize("secret", ["Sek1" * 100, "Sek1" * 400], ids=["400", "1600"])
@pytest.mark.parametrize("before", [0, 300, 600, 1000, 3000])
def test_no_part_of_a_secret_is_left_beside_a_cut(limit: int, secret: str, before: int) -> None:
    text = f"{'x' * before} password={secret}"
    for words in (text, f"{text} and more " + "y " * 900, f"{text}\nTaskFailed"):
        # finish_run masks what was short enough to be kept as it is.
        assert "Sek1" not in masked_text(presentable(words, limit))
        assert "Sek1" not in masked_text(presentable(presentable(words, 1024), limit))


def test_a_session_token_in_a_long_reason_is_not_shown() -> None:
    token = "IQoJb3JpZ2lu" + "aB3/" * 400
    shown = presentable(f"AccessDenied: {token} is not authorized", 500)
    assert shown == "AccessDenied: *** is not authorized"


def test_both_ends_of_words_without_end_have_no_secrets() -> None:
    for text in ("x " * 40_000 + "password=Sek1", "password=" + "Sek1" * 40_000, "Sek1" * 9_000):
        shown = presentable(f"password={text}", 500)
        assert len(shown.encode()) <= 500
        assert "Sek1" not in shown
