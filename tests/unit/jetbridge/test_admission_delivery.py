"""Admission refuses notices that could never reach Airflow, and says what to do."""

from typing import Any

import pytest
from jetbridge_testing.admission import admission, refusal
from jetbridge_testing.samples import sample

from jetbridge.contract import StartRequest, Way, decode

DAG_RUN = {"kind": "dag_run", "dag_id": "load"}
ASSET_EVENT = {"kind": "asset_event", "uri": "s3://lake/orders"}


def _request(name: str = "airflow_ecs", **fields: Any) -> StartRequest:
    return decode(StartRequest, sample(f"start_run/{name}") | fields)


@pytest.mark.parametrize(
    ("stacks", "fields"),
    [
        ("feed", {}),
        ("push", {"finish": "feed"}),
        ("rest", {"finish": "feed", "previous": "attach"}),
    ],
)
def test_feed_needs_no_secret(stacks: Way, fields: dict[str, Any]) -> None:
    admission(finish=stacks).admit(_request(**fields))


@pytest.mark.parametrize("way", ["push", "rest"])
def test_push_and_rest_need_the_secret(way: Way) -> None:
    asked = refusal(admission().admit, _request(finish=way))
    assert (asked.field, asked.problem) == (
        "finish",
        f"is {way!r}, and the stack has no AirflowSecretArn",
    )
    assert "Deploy the stack with AirflowSecretArn" in asked.fix
    by_stack = refusal(admission(finish=way).admit, _request())
    assert "the stack's Finish" in by_stack.problem
    admission(has_airflow_secret=True).admit(_request(finish=way))
    admission(has_airflow_secret=True, finish=way).admit(_request())


def test_stacks_way_is_without_effect_for_other_callers() -> None:
    admission(finish="push").admit(_request("schedule"))


def test_rest_and_attach() -> None:
    refused = refusal(
        admission(has_airflow_secret=True).admit, _request(finish="rest", previous="attach")
    )
    assert refused.field == "previous"
    admission(has_airflow_secret=True).admit(_request(finish="push", previous="attach"))


def test_on_finish_is_not_for_airflow() -> None:
    refused = refusal(admission(has_airflow_secret=True).admit, _request(on_finish=[DAG_RUN]))
    assert refused.field == "on_finish"
    assert "outlets" in refused.fix


@pytest.mark.parametrize("caller", ["schedule", "event", "person"])
def test_on_finish_needs_the_secret(caller: str) -> None:
    request = _request(caller, on_finish=[DAG_RUN, ASSET_EVENT])
    assert refusal(admission().admit, request).field == "on_finish"
    admission(has_airflow_secret=True).admit(request)


@pytest.mark.parametrize(
    ("entry", "field"), [(DAG_RUN, "on_finish[1].dag_id"), (ASSET_EVENT, "on_finish[1].uri")]
)
def test_twice_the_same(entry: dict[str, Any], field: str) -> None:
    check = admission(has_airflow_secret=True).admit
    assert refusal(check, _request("person", on_finish=[entry, entry])).field == field
    check(_request("person", on_finish=[entry, entry | {"airflow": "other"}]))


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (DAG_RUN | {"conf": {"jetbridge": 1}}, "on_finish[0].conf.jetbridge"),
        (ASSET_EVENT | {"extra": {"jetbridge": 1}}, "on_finish[0].extra.jetbridge"),
    ],
)
def test_jetbridges_own_key(entry: dict[str, Any], field: str) -> None:
    check = admission(has_airflow_secret=True).admit
    assert refusal(check, _request("person", on_finish=[entry])).field == field
