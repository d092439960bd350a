"""The events, against the shapes of botocore's models and of AWS's own samples."""

import re
from datetime import datetime
from typing import Any

import pytest
from botocore.validate import ParamValidator

from jetbridge_local.engine import AwsError
from jetbridge_local.engine.models import service_model

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ENVELOPE = {
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail",
}


def wrong(service: Any, shape: str, detail: dict[str, Any]) -> str:
    report = ParamValidator().validate(detail, service_model(service).shape_for(shape))
    return str(report.generate_report())


def test_task_events(cloud: Any) -> None:
    definition = cloud.define_task(script="exit 3")
    overrides = {
        "containerOverrides": [{"name": "main", "environment": [{"name": "A", "value": "b"}]}]
    }
    answer = cloud.run_task(definition, startedBy="me", overrides=overrides, tags=[{"key": "k"}])
    arn = answer["tasks"][0]["taskArn"]
    cloud.wait_for_task(arn)
    cloud.wait(lambda: cloud.details(arn)[-1]["lastStatus"] == "STOPPED")
    events = [event for event in cloud.around.events if event["resources"] == [arn]]
    assert len({event["id"] for event in events}) == len(events)
    for event in events:
        assert event.keys() == ENVELOPE
        assert event["source"] == "aws.ecs"
        assert event["detail-type"] == "ECS Task State Change"
        assert (event["account"], event["region"]) == ("123456789012", "eu-west-1")
        datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")
        detail = dict(event["detail"])
        assert ISO.fullmatch(detail.pop("updatedAt"))
        assert "tags" not in detail
        assert detail["startedBy"] == "me"
        assert detail["overrides"] | {"inferenceAcceleratorOverrides": []} == {
            **overrides,
            "inferenceAcceleratorOverrides": [],
        }
        for name, value in detail.items():
            if name.endswith("At"):
                assert ISO.fullmatch(value), name
        assert [a["type"] for a in detail["attachments"]] == ["eni"]
        assert wrong("ecs", "Task", detail) == ""
    last = events[-1]["detail"]
    described = cloud.task(arn)
    assert "healthStatus" not in last
    [container] = last["containers"]
    assert described["containers"] == [container | {"healthStatus": "UNKNOWN"}]
    assert last["version"] == described["version"]
    assert last["containers"][0]["exitCode"] == 3


def test_there_is_no_event_for_what_run_task_refuses(cloud: Any) -> None:
    arn = cloud.define_task(script="exit 0")
    with pytest.raises(AwsError):
        cloud.run_task(arn, count=11)
    assert cloud.around.events == []


def test_job_events(cloud: Any) -> None:
    cloud.define_job(script="exit 0")
    job_id = cloud.submit(
        tags={"team": "a"},
        parameters={"p": "q"},
        timeout={"attemptDurationSeconds": 60},
        retryStrategy={"attempts": 2},
    )
    cloud.wait_for_job(job_id)
    assert cloud.statuses(job_id) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    arn = cloud.job(job_id)["jobArn"]
    events = [event for event in cloud.around.events if event["resources"] == [arn]]
    for event in events:
        assert event.keys() == ENVELOPE
        assert (event["source"], event["detail-type"]) == ("aws.batch", "Batch Job State Change")
        detail = dict(event["detail"])
        assert "version" not in detail
        assert detail["tags"] == {"resourceArn": arn, "team": "a"}
        assert isinstance(detail["createdAt"], int)
        detail.setdefault("startedAt", 0)  # the model requires it, AWS leaves it out at first
        assert wrong("batch", "JobDetail", detail) == ""
    last = dict(events[-1]["detail"])
    assert last | {"tags": {"team": "a"}} == cloud.job(job_id)


def test_a_sink_that_fails_stops_nothing(cloud: Any) -> None:
    def broken(event: dict[str, Any]) -> None:
        raise ConnectionError

    cloud.around.emit = broken
    assert cloud.wait_for_task(cloud.start("exit 0"))["lastStatus"] == "STOPPED"
