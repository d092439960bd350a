"""The contract: what is refused, with words that help, and that nothing changes on the way."""

import json
import re
from typing import Any

import msgspec
import pytest
from jetbridge_testing.samples import request, sample
from jetbridge_testing.template import ROOT

from jetbridge.contract import (
    AirflowCaller,
    Cause,
    ContractError,
    Death,
    EventCaller,
    Fault,
    Launched,
    LogStream,
    Outcome,
    PersonCaller,
    ScheduleCaller,
    StartRequest,
    State,
    StopRequest,
    Usage,
    decode,
    encode,
    to_builtins,
)

STARTS = ["airflow_ecs", "airflow_batch", "schedule", "event", "person"]


def _changed(path: str, value: Any) -> dict[str, Any]:
    message = sample("start_run/airflow_ecs")
    *parents, last = path.split(".")
    target = message
    for name in parents:
        target = target[name]
    target[last] = value
    return message


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("caller.try_number", "one", "int"),
        ("caller.try_number", -1, ">= 0"),
        ("caller.dag_id", "", "regex"),
        ("caller.dag_id", None, "str"),
        ("caller.map_index", -2, ">= -1"),
        ("timeout_seconds", 0, ">= 1"),
        ("timeout_seconds", 1.5, "int"),
        ("tail_lines", 101, "<= 100"),
        ("version", 2, "2"),
        ("idempotency_key", "k" * 2049, "length <= 2048"),
        ("run_task", [], "object"),
        ("log_target.bucket", "", "length >= 1"),
        ("log_target.kind", "gcs", "gcs"),
        ("caller.kind", "robot", "robot"),
    ],
)
def test_bad_value_names_field_problem_and_fix(field: str, value: Any, problem: str) -> None:
    with pytest.raises(ContractError) as refused:
        decode(StartRequest, _changed(field, value))
    assert refused.value.field == field
    assert problem in refused.value.problem
    assert "docs/reference/contract.md" in refused.value.fix
    assert all(part in str(refused.value) for part in (field, refused.value.fix))


@pytest.mark.parametrize("field", ["taskRole", "started_by", "count"])
def test_unknown_field_is_refused(field: str) -> None:
    with pytest.raises(ContractError, match=field):
        decode(StartRequest, _changed(field, "x"))


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", b"\xff", "42"])
def test_anything_but_a_json_object_is_refused(payload: str | bytes) -> None:
    with pytest.raises(ContractError) as refused:
        decode(StartRequest, payload)
    assert refused.value.field == "message"


@pytest.mark.parametrize("name", STARTS)
def test_start_request_round_trip(name: str) -> None:
    asked = request(name)
    assert decode(StartRequest, encode(asked)) == asked
    assert decode(StartRequest, to_builtins(asked)) == asked


@pytest.mark.parametrize("count", [0, 101])
def test_stop_takes_one_to_a_hundred_runs(count: int) -> None:
    with pytest.raises(ContractError, match="run_ids"):
        decode(StopRequest, {"run_ids": ["r"] * count, "reason": "because"})


def test_outcome_round_trip_keeps_every_field() -> None:
    outcome = Outcome(
        run_id="r",
        state=State.FAILED,
        cause=Cause.APPLICATION_EXIT,
        fault=Fault.JOB,
        reason="Essential container in task exited",
        size_advice="4 GB would do",
        advice="The job failed: its log says why.",
        caller=request("airflow_ecs").caller,
        backend="ecs",
        region="eu-central-1",
        finished_at=1_772_323_400.125,
        backend_id="arn",
        cluster="reports",
        job_queue="q",
        definition="d",
        launches=2,
        exit_codes={"main": 3},
        log_streams=[LogStream(container="main", group="g", stream="s", region="r", attempt=2)],
        last_lines=["ä", ""],
        result={"rows": [1, None]},
        started_at="2026-03-01T00:00:29.114Z",
        stopped_at="2026-03-01T00:02:04.713Z",
        deaths=[
            Death(launch=1, cause=Cause.HOST_LOSS, reason="Host", backend_id="arn", at=1.5),
        ],
        stopped_by="ana",
        policy_version=2,
        unread=["s"],
        deciding=["main"],
        usage=Usage(
            launch_type="FARGATE",
            vcpu=0.25,
            memory_mib=512,
            seconds=60,
            architecture="arm64",
            spot=True,
        ),
    )
    defaults = {
        field.name for field in msgspec.structs.fields(Outcome) if field.name != "version"
    } - to_builtins(outcome).keys()
    assert not defaults, "the test must give every field a value of its own"
    assert decode(Outcome, encode(outcome)) == outcome
    assert decode(Outcome, json.loads(encode(outcome))) == outcome


def test_each_try_is_its_own_key() -> None:
    caller = request("airflow_ecs").caller
    assert isinstance(caller, AirflowCaller)
    changes: list[dict[str, Any]] = [
        {"try_number": 2},
        {"ti_id": "another"},
        {"map_index": 0},
        {"task_id": "other"},
        {"run_id": "manual__1"},
        {"dag_id": "other"},
    ]
    keys = {msgspec.structs.replace(caller, **change).key for change in changes}
    assert len(keys | {caller.key}) == len(changes) + 1


def test_own_idempotency_key_comes_first() -> None:
    asked = msgspec.structs.replace(request("airflow_ecs"), idempotency_key="mine")
    assert asked.key == "airflow-key/mine"


def test_person_must_bring_a_key() -> None:
    asked = StartRequest(caller=PersonCaller("ana"), run_task={"taskDefinition": "report"})
    with pytest.raises(ContractError) as refused:
        _ = asked.key
    assert refused.value.field == "idempotency_key"


@pytest.mark.parametrize(
    ("caller", "key"),
    [
        (EventCaller("6a7e8feb-b491"), "event/6a7e8feb-b491"),
        (EventCaller("6a7e", "new-file"), "event/6a7e/new-file"),
        (EventCaller("6a7e/new-file"), "event/6a7e%2Fnew-file"),
        (
            ScheduleCaller("arn:aws:scheduler:r:1:schedule/default/nightly", "t"),
            "schedule/arn:aws:scheduler:r:1:schedule/default/nightly/t",
        ),
        (PersonCaller("Ana Péres"), None),
    ],
)
def test_callers_have_a_key(caller: Any, key: str | None) -> None:
    assert caller.key == key


def test_tries_of_a_task_share_their_task_key() -> None:
    caller = request("airflow_ecs").caller
    assert isinstance(caller, AirflowCaller)
    again = msgspec.structs.replace(caller, try_number=2, ti_id="another")
    other = msgspec.structs.replace(caller, map_index=3)
    assert again.task_key == caller.task_key != other.task_key


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("failure_policy", {"infra_retries": 11}, "<= 10"),
        ("failure_policy", {"infra_retries": -1}, ">= 0"),
        ("failure_policy", {"retries": 1}, "retries"),
        ("previous", "resume", "resume"),
        ("tags", {"team": 1}, "str"),
        ("tags", ["team"], "object"),
        ("offload_environment", "yes", "bool"),
    ],
)
def test_new_fields_are_checked(field: str, value: Any, problem: str) -> None:
    with pytest.raises(ContractError) as refused:
        decode(StartRequest, _changed(field, value))
    assert refused.value.field.startswith((field, "tags"))
    assert problem in refused.value.problem


def test_the_launched_record_of_the_docs_is_one() -> None:
    text = (ROOT / "docs" / "reference" / "contract.md").read_text()
    section = text.partition("## While it runs")[2].partition("\n## ")[0]
    [shown] = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    assert json.loads(encode(decode(Launched, shown))) == json.loads(shown)
    for name in Launched.__struct_fields__:
        told = f'"{name}"' in shown or f"`{name}`" in section
        assert told, name
