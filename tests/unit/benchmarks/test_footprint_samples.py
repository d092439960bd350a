"""Sample events that are made to fit a deployed stack."""

import json
from pathlib import Path

import pytest

from benchmarks.footprint.samples import renamed, sample, sqs_event, start_request
from jetbridge.contract import S3LogTarget, StartRequest, decode
from jetbridge.runs.names import LaunchName

EVENTS = Path(__file__).parents[3] / "events"
PLACE = {"cluster": "etl", "taskDefinition": "etl-report"}


def a_request(airflow_run: str = "footprint__one") -> StartRequest:
    event = sample(EVENTS, "start_run/airflow_ecs")
    request = start_request(event, airflow_run=airflow_run, place=PLACE, bucket="logs")
    return decode(StartRequest, request)


def test_the_request_is_one_by_the_contract_and_goes_to_the_place() -> None:
    request = a_request()
    assert request.run_task is not None
    assert request.run_task["cluster"] == "etl"
    assert request.run_task["taskDefinition"] == "etl-report"
    assert isinstance(request.log_target, S3LogTarget)
    assert request.log_target.bucket == "logs"


def test_each_airflow_run_is_a_run_with_a_log_of_its_own() -> None:
    one, two = a_request("footprint__one"), a_request("footprint__two")
    assert one.key != two.key
    assert isinstance(one.log_target, S3LogTarget)
    assert isinstance(two.log_target, S3LogTarget)
    assert "footprint__one" in one.log_target.key_prefix
    assert one.log_target.key_prefix != two.log_target.key_prefix


def test_the_place_leaves_the_sample_as_it_was() -> None:
    event = sample(EVENTS, "start_run/airflow_ecs")
    before = json.dumps(event)
    start_request(event, airflow_run="footprint__one", place=PLACE, bucket="logs")
    assert json.dumps(event) == before


def test_an_sqs_event_carries_the_body_in_the_samples_envelope() -> None:
    envelope = sample(EVENTS, "track_run/messages")
    body = {"run_id": "a", "text": 'with "quotes" and ü'}
    (record,) = sqs_event(envelope, body)["Records"]
    assert json.loads(record["body"]) == body
    assert record.keys() == envelope["Records"][0].keys()
    assert record["messageId"] != sqs_event(envelope, body)["Records"][0]["messageId"]


@pytest.mark.parametrize("name", ["state_changes/ecs_stopped_exit_0", "state_changes/ecs_running"])
def test_a_renamed_state_change_is_of_the_other_run(name: str) -> None:
    event = sample(EVENTS, name)
    old = LaunchName.parse(event["detail"]["startedBy"])
    assert old is not None
    other = renamed(event, {old.run_id: "a" * 20})
    assert LaunchName.parse(other["detail"]["startedBy"]) == LaunchName(old.stack_key, "a" * 20, 1)
    assert old.run_id not in json.dumps(other)
    assert renamed(other, {"a" * 20: old.run_id}) == event
