"""What a caller may send and no more: ids, values, sizes, and definitions that are locked."""

import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.admission import ALLOWED, admission, refusal
from jetbridge_testing.core import Core
from jetbridge_testing.samples import request, sample
from jetbridge_testing.template import template
from msgspec.structs import replace

from jetbridge.admission.log_targets import LogTargets
from jetbridge.admission.sizes import KEY_PREFIX_BYTES, REQUEST_BYTES, VALUES_BYTES
from jetbridge.contract import (
    AirflowCaller,
    CloudWatchLogTarget,
    ContractError,
    CreateAssetEvent,
    PersonCaller,
    S3LogTarget,
    StartRequest,
    StopRequest,
    TriggerDagRun,
    WatchRequest,
    decode_request,
    encode,
    run_id_of,
)
from jetbridge.contract.stop import with_ids_as_text
from jetbridge.contract.values import LARGEST, MOST_LEVELS, SMALLEST, first_unfit
from jetbridge.launching.tries import MOST_ATTACHMENTS, with_attachment
from jetbridge.queues.groups import LONGEST, message_group
from jetbridge.runs.item import to_item
from jetbridge.runs.run import Attachment

FUTURE = "ffffffff-ffff-7fff-bfff-ffffffffffff"


def _asks(path: str, value: Any, name: str = "airflow_ecs") -> dict[str, Any]:
    message = sample(f"start_run/{name}")
    *parents, last = path.split(".")
    target = message
    for part in parents:
        target = target.setdefault(part, {})
    target[last] = value
    return message


def _refused(message: dict[str, Any], kind: type = StartRequest) -> ContractError:
    return refusal(decode_request, kind, message)


@pytest.mark.parametrize("field", ["dag_id", "task_id"])
@pytest.mark.parametrize(
    "value", [".", "..", "", "a/b", "a b", "a\n", "a\0", "\ud800", "d" * 251, 7, None, "a?x=1"]
)
def test_ids_are_airflows(field: str, value: Any) -> None:
    assert _refused(_asks(f"caller.{field}", value)).field == f"caller.{field}"
    watch = {"caller": {**sample("start_run/airflow_ecs")["caller"], field: value}}
    assert _refused(watch, WatchRequest).field == f"caller.{field}"


@pytest.mark.parametrize(
    "value", [".", "..", "", "a\x1b[0m", "a\x7f", "r" * 251, "\udfff", "a\u2028"]
)
def test_run_ids_are_sane(value: str) -> None:
    assert _refused(_asks("caller.run_id", value)).field == "caller.run_id"


@pytest.mark.parametrize("value", ["a", "sales.report-1", "Verkäufe", "d" * 250, "...", "_"])
def test_airflows_own_ids_are_taken(value: str) -> None:
    asked = decode_request(StartRequest, _asks("caller.dag_id", value))
    assert isinstance(asked.caller, AirflowCaller)
    assert asked.caller.dag_id == value


@pytest.mark.parametrize("field", ["try_number", "map_index", "max_tries"])
@pytest.mark.parametrize("value", [2**31, 2**63, 2**64 - 1, 2**64, -2, 1.5, "1", float("nan")])
def test_numbers_are_airflows(field: str, value: Any) -> None:
    """A try number that no 64-bit integer holds once ended every triggerer."""
    assert _refused(_asks(f"caller.{field}", value)).field == f"caller.{field}"


@pytest.mark.parametrize("value", ["", "a/b", "x" * 65, "{id}", "\ud800"])
def test_task_instance_ids_are_sane(value: str) -> None:
    assert _refused(_asks("caller.ti_id", value)).field == "caller.ti_id"


def _ti_id(milliseconds: int) -> str:
    return str(UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | 5))


@pytest.mark.parametrize(("seconds", "taken"), [(-86_400, True), (299, True), (301, False)])
def test_a_try_of_the_future_is_refused(seconds: int, taken: bool) -> None:
    core = Core()
    asked = request("airflow_ecs")
    ti_id = _ti_id(int((core.clock() + seconds) * 1000))
    asked = replace(asked, caller=replace(asked.caller, ti_id=ti_id))
    if taken:
        core.start(asked)
        return
    assert refusal(core.start, asked).field == "caller.ti_id"
    assert core.memory.get(asked.key) is None
    assert core.launches.messages == []


def test_a_try_of_the_far_future_stops_nobody() -> None:
    """Such a try once superseded the real run, and blocked all real tries."""
    core = Core()
    first = request("airflow_ecs")
    core.start(first)
    hostile = replace(first, caller=replace(first.caller, ti_id=FUTURE, try_number=2))
    assert refusal(core.start, hostile).field == "caller.ti_id"
    assert core.stops.messages == []


@pytest.mark.parametrize("ti_id", ["another", "f" * 32, str(UUID(int=2**128 - 1))])
def test_an_id_without_a_time_blocks_no_real_try(ti_id: str) -> None:
    core = Core()
    first = request("airflow_ecs")
    squatter = replace(first, caller=replace(first.caller, ti_id=ti_id, try_number=2**31 - 1))
    core.start(squatter)
    true = core.start(first)
    assert core.tries_of(first) == true.run_id
    later = replace(first.caller, ti_id="0195503b-9d80-7c7e-8f0a-3b1e5f7d2c11", try_number=2)
    second = core.start(replace(first, caller=later))
    assert core.tries_of(first) == second.run_id
    core.start(replace(squatter, caller=replace(squatter.caller, ti_id=ti_id[:-1])))
    assert core.tries_of(first) == second.run_id, "nor does it supersede one"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (2**63, "64 bits"),
        (-(2**63) - 1, "64 bits"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        ("a\0", "NUL"),
        ("\ud83d", "surrogate"),
        ({"\udc00": 1}, "surrogate"),
        ({"a\0": 1}, "NUL"),
        ((1,), "tuple"),
        (json.loads("[" * 40 + "]" * 40), "levels"),
    ],
)
@pytest.mark.parametrize(
    "path", ["run_task.tags", "run_task.overrides.containerOverrides", "idempotency_key"]
)
def test_values_that_nobody_can_keep_are_refused(path: str, value: Any, problem: str) -> None:
    error = _refused(_asks(path, value))
    assert error.field.startswith(path)
    assert problem in error.problem
    assert error.fix


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(SMALLEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_what_is_taken_can_be_stored_and_read_back(value: Any) -> None:
    assert first_unfit(value) is None
    again = msgspec.json.decode(msgspec.json.encode(value))
    assert again == value


@given(PLAIN, st.sampled_from([2**64, float("nan"), "\0", "\ud800"]), st.randoms())
def test_a_bad_value_is_found_wherever_it_is(value: Any, bad: Any, random: Any) -> None:
    for _ in range(random.randint(0, MOST_LEVELS - 10)):
        value = [value] if random.random() < 0.5 else {"k": value}
    assert first_unfit([value, bad]) is not None
    assert first_unfit({"a": value, "b": {"c": bad}}) is not None
    assert first_unfit([value, bad]).path == "[1]"  # type: ignore[union-attr]


def test_levels_are_walked_and_not_recursed() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    unfit = first_unfit(deep)
    assert unfit is not None
    assert len(unfit.path) <= 200


def _person(**fields: Any) -> StartRequest:
    return replace(request("person"), **fields)


def _conf(size: int) -> dict[str, Any]:
    return {"k": "x" * (size - len('{"k":""}'))}


@pytest.mark.parametrize("extra", [0, 1])
def test_conf_is_bounded(extra: int) -> None:
    """With 300 KB of it, each step once wrote a row of that size again."""
    asked = _person(on_finish=[TriggerDagRun(dag_id="next", conf=_conf(VALUES_BYTES + extra))])
    allowing = admission(has_airflow_secret=True)
    if not extra:
        allowing.admit(asked)
        return
    error = refusal(allowing.admit, asked)
    assert error.field == "on_finish[0].conf"
    assert str(VALUES_BYTES + 1) in error.problem


@pytest.mark.parametrize(
    "values", [{"__classname__": "os.system"}, {"a": {"__type": "x", "__var": 1}}, {"a": 1e300}]
)
def test_conf_is_what_airflow_can_carry(values: dict[str, Any]) -> None:
    asked = _person(on_finish=[TriggerDagRun(dag_id="next", conf=values)])
    error = refusal(admission(has_airflow_secret=True).admit, asked)
    assert error.field == "on_finish[0].conf"
    assert "can't carry" in error.problem


def test_an_assets_extra_is_bounded() -> None:
    asked = _person(on_finish=[CreateAssetEvent(uri="s3://x", extra=_conf(VALUES_BYTES + 1))])
    assert refusal(admission(has_airflow_secret=True).admit, asked).field == "on_finish[0].extra"


def test_the_whole_request_is_bounded() -> None:
    entries = [TriggerDagRun(dag_id=f"d{n}", conf=_conf(VALUES_BYTES)) for n in range(10)]
    error = refusal(admission(has_airflow_secret=True).admit, _person(on_finish=entries))
    assert error.field == "on_finish"
    assert str(REQUEST_BYTES) in error.problem


def test_a_request_that_is_too_large_for_its_parameters_names_the_largest() -> None:
    variables = [{"name": "small", "value": "x"}, {"name": "large", "value": "\x01" * 7_000}]
    override = {"name": "main", "environment": variables}
    asked = replace(
        request("airflow_ecs"),
        offload_environment=True,
        run_task=request("airflow_ecs").parameters
        | {"overrides": {"containerOverrides": [override] * 3}},
    )
    error = refusal(admission(has_airflow_secret=True).admit, asked)
    assert error.field == "run_task.overrides.containerOverrides"
    assert str(REQUEST_BYTES) in error.problem


def test_a_log_key_is_bounded_as_it_is_stored() -> None:
    letters = "\x01" * (KEY_PREFIX_BYTES // len(r"\u0001") - 2)
    for more, fits in (("", True), ("\x01" * 3, False)):
        target = S3LogTarget(bucket="airflow-logs", key_prefix=f"airflow/{letters}{more}")
        asked = replace(request("airflow_ecs"), log_target=target)
        if fits:
            admission().admit(asked)
        else:
            assert refusal(admission().admit, asked).field == "log_target.key_prefix"


@pytest.mark.parametrize("letter", ["x", "ä"])
def test_log_keys_leave_room_for_what_is_appended(letter: str) -> None:
    def target(size: int) -> S3LogTarget:
        size -= len("airflow/")
        letters = letter * (size // len(letter.encode()))
        return S3LogTarget(bucket="airflow-logs", key_prefix=f"airflow/{letters}")

    admission().admit(replace(request("airflow_ecs"), log_target=target(KEY_PREFIX_BYTES)))
    for size in (KEY_PREFIX_BYTES + 2, 1024):
        asked = replace(request("airflow_ecs"), log_target=target(size))
        assert refusal(admission().admit, asked).field == "log_target.key_prefix"


@pytest.mark.parametrize("prefix", ["airflow-logs", "airflow-logs/"])
def test_the_log_prefixs_edge_is_exact(prefix: str) -> None:
    """``airflow-logs`` isn't ``airflow-logs-2``."""
    targets = LogTargets("b", prefix, "")
    targets.check(S3LogTarget(bucket="b", key_prefix="airflow-logs/x"))
    for outside in ("airflow-logs-2/x", "airflow-logs", "airflow-log/x", "/airflow-logs/x"):
        target = S3LogTarget(bucket="b", key_prefix=outside)
        assert refusal(targets.check, target).field == "log_target.key_prefix"


@pytest.mark.parametrize("name", ["AirflowLogPrefix", "OffloadPrefix"])
def test_prefixes_of_the_template_end_in_a_slash(name: str) -> None:
    """IAM's ``<prefix>*`` has the same edge only then."""
    import re

    pattern = re.compile(template()["Parameters"][name]["AllowedPattern"])
    assert pattern.fullmatch(template()["Parameters"][name]["Default"])
    for good in ("", "a/", "airflow/logs/", "dag_id=x/"):
        assert pattern.fullmatch(good), good
    for bad in ("airflow", "/", "/a/", "a*/", "a?/", "a", "${aws:x}/"):
        assert not pattern.fullmatch(bad), bad


def _target(text: str) -> S3LogTarget:
    return S3LogTarget(bucket="airflow-logs", key_prefix=f"airflow/{text}")


FIRST = "0199a1b2-0000-7000-8000-000000000001"
SECOND = "0199a1b2-0001-7000-8000-000000000001"


def _try(number: int, ti_id: str, target: Any) -> StartRequest:
    asked = request("airflow_ecs")
    caller = replace(asked.caller, try_number=number, ti_id=ti_id, max_tries=2)
    return replace(asked, caller=caller, log_target=target, previous="attach")


@pytest.mark.parametrize(
    ("earlier", "later", "taken"),
    [
        ("dag_id=d1/task_id=t/attempt=1.log", "dag_id=d1/task_id=t/attempt=2.log", True),
        ("dag_id=d1/task_id=t/attempt=1.log", "dag_id=d1/task_id=t/attempt=1.log", True),
        ("try-1/dag.log", "try-2/dag.log", True),
        ("dag_id=d1/task_id=t/attempt=1.log", "dag_id=d2/task_id=t/attempt=1.log", False),
        ("dag_id=d1/task_id=t/attempt=1.log", "dag_id=mine/task_id=t/attempt=2.log", False),
        ("dag_id=d1/task_id=t/attempt=1.log", "dag_id=d1/task_id=t/attempt=3.log", False),
        ("dag_id=d1/task_id=t/attempt=1.log", "dag_id=d1/task_id=t/attempt=2.log/x", False),
    ],
)
def test_who_takes_a_run_over_has_its_log_beside_it(earlier: str, later: str, taken: bool) -> None:
    """A try that took over a run could once send the copy of another task's log anywhere."""
    core = Core()
    core.clock.now += 10**8
    first = core.start(_try(1, FIRST, _target(earlier)))
    asked = _try(2, SECOND, _target(later))
    if taken:
        assert core.start(asked).run_id == first.run_id
        return
    assert refusal(core.start, asked).field == "log_target.key_prefix"
    row = core.memory.get(first.run_id)
    assert row is not None
    assert (row.attachments, row.stop) == ([], None)
    assert core.memory.get(asked.key) is None


def test_a_log_that_went_nowhere_goes_nowhere_for_who_takes_over() -> None:
    core = Core()
    core.clock.now += 10**8
    first = core.start(_try(1, FIRST, None))
    answer = core.start(_try(2, SECOND, _target("attempt=2.log")))
    assert answer.run_id == first.run_id
    row = core.memory.get(first.run_id)
    assert row is not None
    assert row.log_targets == []


def test_a_stream_of_another_group_is_no_place_of_the_task() -> None:
    core = Core()
    core.clock.now += 10**8
    stream = CloudWatchLogTarget(group="airflow-mwaa-Task", stream="dag_id=d/attempt=1.log")
    core.start(_try(1, FIRST, stream))
    asked = _try(2, SECOND, _target("dag_id=d/attempt=2.log"))
    assert refusal(core.start, asked).field == "log_target.key_prefix"
    core.start(_try(2, SECOND, replace(stream, stream="dag_id=d/attempt=2.log")))


def test_attachments_are_bounded_and_the_row_with_them() -> None:
    """64 attaches with long ids once made a row so large that nothing could be written to it."""
    core = Core()
    core.clock.now += 10**8
    long = {"dag_id": "d" * 250, "run_id": "ü" * 250, "task_id": "t" * 250}
    first = _try(1, FIRST, _target("x" * 800 + "attempt=1.log"))
    first = replace(first, caller=replace(first.caller, **long))
    run_id = core.start(first).run_id
    for number in range(2, 66):
        ti_id = f"0199a1b2-{number:04x}-7000-8000-000000000001"
        target = _target("x" * 800 + f"attempt={number}.log")
        asked = _try(number, ti_id, target)
        answer = core.start(replace(asked, caller=replace(asked.caller, **long)))
        assert (answer.run_id, answer.attached) == (run_id, True)
    row = core.memory.get(run_id)
    assert row is not None
    assert len(row.attachments) == MOST_ATTACHMENTS
    assert row.attachments[-1].caller == row.caller
    assert isinstance(row.caller, AirflowCaller)
    assert row.caller.try_number == 65
    assert len(json.dumps(to_item(row)).encode()) < 40_000


def test_the_newest_attachments_stay() -> None:
    made = [Attachment(caller=PersonCaller(str(number))) for number in range(30)]
    kept: list[Attachment] = []
    for each in made:
        kept = with_attachment(kept, each)
    assert kept == made[-MOST_ATTACHMENTS:]


@given(st.text(min_size=1, max_size=1024))
def test_groups_are_what_sqs_takes(name: str) -> None:
    caller = AirflowCaller(dag_id=name, run_id="r", task_id="t", try_number=1, ti_id="i")
    group = message_group(caller)
    assert 1 <= len(group) <= LONGEST
    assert all("!" <= char <= "~" for char in group)
    assert message_group(replace(caller, dag_id=name + "x")) != group


def test_nobody_chooses_another_kinds_group() -> None:
    groups = {
        message_group(replace(request("airflow_ecs").caller, dag_id="etl")),
        message_group(replace(request("airflow_ecs").caller, dag_id="etl", airflow="other")),
        message_group(replace(request("schedule").caller, schedule_arn="a/etl")),
        message_group(replace(request("event").caller, rule="etl")),
        message_group(PersonCaller("etl")),
    }
    assert len(groups) == 5
    assert message_group(PersonCaller("a")) == message_group(PersonCaller("b"))


TASK_ARN = ALLOWED.place.arn("ecs", "task-definition/report:*")
JOB_ARN = ALLOWED.place.arn("batch", "job-definition/load:*")
LOCKING = admission(allowed=replace(ALLOWED, locked=[TASK_ARN, JOB_ARN]))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("airflow_ecs", "run_task.overrides.cpu", "256"),
        ("airflow_ecs", "run_task.overrides.memory", "512"),
        ("airflow_ecs", "run_task.overrides.ephemeralStorage", {"sizeInGiB": 30}),
        ("airflow_ecs", "run_task.platformVersion", "1.3.0"),
        (
            "airflow_ecs",
            "run_task.overrides.taskRoleArn",
            "arn:aws:iam::123456789012:role/report-x",
        ),
        ("airflow_ecs", "container.command", ["sh", "-c", "env"]),
        ("airflow_ecs", "container.cpu", 10),
        ("airflow_ecs", "container.memory", 10),
        ("airflow_ecs", "container.memoryReservation", 10),
        ("airflow_batch", "submit_job.parameters", {"cmd": "env"}),
        ("airflow_batch", "submit_job.containerOverrides.command", ["env"]),
        ("airflow_batch", "submit_job.containerOverrides.memory", 10),
        ("airflow_batch", "submit_job.containerOverrides.vcpus", 10),
        ("airflow_batch", "submit_job.containerOverrides.instanceType", "m5.large"),
        (
            "airflow_batch",
            "submit_job.containerOverrides.resourceRequirements",
            [{"type": "VCPU", "value": "8"}],
        ),
    ],
)
def test_a_locked_definition_runs_as_it_is(name: str, path: str, value: Any) -> None:
    message = sample(f"start_run/{name}")
    operation = "run_task" if name == "airflow_ecs" else "submit_job"
    message[operation].pop("overrides", None)
    message[operation].pop("containerOverrides", None)
    message[operation].pop("parameters", None)
    if path.startswith("container."):
        member = path.partition(".")[2]
        message["run_task"]["overrides"] = {"containerOverrides": [{"name": "main", member: value}]}
        path = f"run_task.overrides.containerOverrides[0].{member}"
    else:
        *parents, last = path.split(".")
        target = message
        for part in parents:
            target = target.setdefault(part, {})
        target[last] = value
    asked = decode_request(StartRequest, message)
    error = refusal(LOCKING.admit, asked)
    assert error.field == path
    assert "LockedDefinitionArns" in error.problem


@pytest.mark.parametrize("name", ["airflow_ecs", "airflow_batch"])
def test_a_locked_definition_takes_an_environment(name: str) -> None:
    message = sample(f"start_run/{name}")
    environment = [{"name": "day", "value": "2026-03-01"}]
    if name == "airflow_ecs":
        message["run_task"]["overrides"] = {
            "containerOverrides": [{"name": "main", "environment": environment}]
        }
    else:
        message["submit_job"].pop("parameters", None)
        message["submit_job"]["containerOverrides"] = {"environment": environment}
    LOCKING.admit(decode_request(StartRequest, message))


def test_only_the_listed_families_are_locked() -> None:
    other = admission(allowed=replace(ALLOWED, locked=[TASK_ARN.replace("report", "other")]))
    message = _asks("run_task.overrides.cpu", "256")
    other.admit(decode_request(StartRequest, message))


def test_a_row_that_a_request_makes_is_small() -> None:
    asked = _person(
        on_finish=[TriggerDagRun(dag_id=f"d{n}", conf=_conf(VALUES_BYTES - 400)) for n in range(7)]
    )
    admission(has_airflow_secret=True).admit(asked)
    assert len(encode(asked)) <= REQUEST_BYTES


@pytest.mark.parametrize("bad", ["a\0b", 2**64, float("nan")])
def test_json_text_is_checked_like_an_object(bad: Any) -> None:
    message = _asks("run_task.overrides", {"containerOverrides": [{"name": "m", "cpu": bad}]})
    for payload in (json.dumps(message), json.dumps(message).encode()):
        error = refusal(decode_request, StartRequest, payload)
        assert error.field == "run_task.overrides.containerOverrides[0].cpu"


@pytest.mark.parametrize("text", ["{", "", "nope", "[" * 100_000])
def test_text_that_is_no_json_is_refused(text: str) -> None:
    assert refusal(decode_request, StartRequest, text).field == "message"


@pytest.mark.parametrize("listed", ["report", "report:*", "report:12", "rep*"])
@pytest.mark.parametrize("asked", ["report", "report:12"])
@pytest.mark.parametrize("as_arn", [True, False])
def test_a_lock_names_a_family(listed: str, asked: str, as_arn: bool) -> None:
    prefix = ALLOWED.place.arn("ecs", "task-definition/") if as_arn else ""
    locking = admission(allowed=replace(ALLOWED, locked=[prefix + listed]))
    message = _asks("run_task.overrides.cpu", "256")
    message["run_task"]["taskDefinition"] = asked
    error = refusal(locking.admit, decode_request(StartRequest, message))
    assert error.field == "run_task.overrides.cpu"


@pytest.mark.parametrize("revision", ["012", "0", "00"])
def test_a_revision_has_no_zeros_before_it(revision: str) -> None:
    message = _asks("run_task.taskDefinition", f"report:{revision}")
    error = refusal(admission().admit, decode_request(StartRequest, message))
    assert error.field == "run_task.taskDefinition"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("run_task.enableExecuteCommand", True),
        (
            "run_task.volumeConfigurations",
            [
                {
                    "name": "v",
                    "managedEBSVolume": {
                        "snapshotId": "snap-1",
                        "roleArn": "arn:aws:iam::123456789012:role/report-ebs",
                    },
                }
            ],
        ),
    ],
)
def test_a_locked_definition_has_no_door_beside_it(path: str, value: Any) -> None:
    message = _asks(path, value)
    message["run_task"].pop("overrides", None)
    assert refusal(LOCKING.admit, decode_request(StartRequest, message)).field.startswith(path)


def test_a_number_far_ahead_of_the_same_id_is_no_later_try() -> None:
    """A try with the same id and the highest number once blocked all real tries."""
    core = Core()
    core.clock.now += 10**8
    first = replace(_try(2, FIRST, None), previous="stop")
    core.start(first)
    hostile = replace(first, caller=replace(first.caller, try_number=2**31 - 1))
    core.start(hostile)
    assert core.stops.messages == []
    third = core.start(replace(first, caller=replace(first.caller, try_number=3)))
    assert core.tries_of(first) == third.run_id
    assert [message["run_ids"] for message in core.stops.messages] == [[run_id_of(first.key)]]


def test_who_takes_over_without_a_log_where_there_is_one_is_refused() -> None:
    core = Core()
    core.clock.now += 10**8
    core.start(_try(1, FIRST, _target("attempt=1.log")))
    assert refusal(core.start, _try(2, SECOND, None)).field == "log_target"


@pytest.mark.parametrize("odd", ["\ud800", "a\0b", 5, None, "", "pace#ecs", "x" * 3000, {}, ["r"]])
def test_a_stop_with_an_unknown_id_stops_the_others(odd: Any) -> None:
    core = Core()
    run_id = core.start(request("airflow_ecs")).run_id
    payload = with_ids_as_text({"run_ids": [odd, run_id], "reason": "enough"})
    answer = core.stop(decode_request(StopRequest, payload))
    assert answer.stopping == [run_id]
    assert len(answer.unknown) == 1
