"""The contract: what is refused, with words that help, and that nothing changes on the way."""

import json
from typing import Any

import msgspec
import pytest
from jetbridge_testing.samples import request, sample

from jetbridge.contract import (
    AirflowCaller,
    Cause,
    ContractError,
    Fault,
    LogStream,
    Outcome,
    PersonCaller,
    StartRequest,
    State,
    StopRequest,
    decode,
    encode,
    to_builtins,
)
from jetbridge.services.policy import Policy

STARTS = ["airflow_ecs", "airflow_batch", "schedule", "person"]


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
        ("caller.dag_id", "", "length >= 1"),
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
    assert "docs/contract.md" in refused.value.fix
    assert all(part in str(refused.value) for part in (field, refused.value.fix))


@pytest.mark.parametrize("field", ["taskRole", "started_by", "count"])
def test_unknown_field_is_refused(field: str) -> None:
    with pytest.raises(ContractError, match=field):
        decode(StartRequest, _changed(field, "x"))


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", b"\xff", "42"])
def test_what_is_no_json_object_is_refused(payload: str | bytes) -> None:
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
    assert asked.key == "mine"


def test_person_must_bring_a_key() -> None:
    asked = StartRequest(caller=PersonCaller("ana"), run_task={"taskDefinition": "report"})
    with pytest.raises(ContractError) as refused:
        _ = asked.key
    assert refused.value.field == "idempotency_key"


POLICY = Policy("airflow-logs", "airflow/")


@pytest.mark.parametrize("name", STARTS)
def test_policy_takes_every_sample(name: str) -> None:
    POLICY.check(request(name))


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("run_task", None, "run_task"),
        ("submit_job", {"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}, "run_task"),
        ("run_task.taskDefinition", "", "run_task.taskDefinition"),
        ("run_task.startedBy", "me", "run_task.startedBy"),
        ("run_task.startedBy", 1, "run_task.startedBy"),
        ("run_task.clientToken", "token", "run_task.clientToken"),
        ("run_task.count", 2, "run_task.count"),
        ("log_target.bucket", "elsewhere", "log_target.bucket"),
        ("log_target.key_prefix", "secrets/x", "log_target.key_prefix"),
    ],
)
def test_policy_refuses(field: str, value: Any, named: str) -> None:
    with pytest.raises(ContractError) as refused:
        POLICY.check(decode(StartRequest, _changed(field, value)))
    assert refused.value.field == named
    assert refused.value.fix


@pytest.mark.parametrize("missing", ["jobName", "jobQueue", "jobDefinition"])
def test_policy_names_what_submit_job_lacks(missing: str) -> None:
    message = sample("start_run/airflow_batch")
    del message["submit_job"][missing]
    with pytest.raises(ContractError, match=f"submit_job.{missing}"):
        POLICY.check(decode(StartRequest, message))


def test_without_a_log_bucket_no_log_target_is_taken() -> None:
    with pytest.raises(ContractError, match="AirflowLogBucket"):
        Policy().check(request("airflow_ecs"))


def test_count_of_one_is_harmless() -> None:
    POLICY.check(decode(StartRequest, _changed("run_task.count", 1)))
