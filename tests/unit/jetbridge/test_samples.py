"""The samples of events/ have the shapes that AWS documents, and README.md lists them all."""

import json
import re
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from jetbridge_testing.samples import EVENTS, STATE_CHANGES, event, sample

# Fields of ECS events which DescribeTasks does not have ("Amazon ECS task state change events").
_ONLY_IN_EVENTS = {"updatedAt"}
# Fields of DescribeTasks which events do not carry.
_ONLY_IN_DESCRIBE = {"tags", "healthStatus"}

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
FILES = sorted(str(path.relative_to(EVENTS)) for path in EVENTS.rglob("*.json"))


def _unknown(value: Any, shape: Shape, path: str) -> list[str]:
    """Members which botocore's model of the shape doesn't know, or knows as another type."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members: dict[str, Shape] = shape.members  # type: ignore[attr-defined]
        found = [f"{path}.{name}" for name in value if name not in members]
        for name in value.keys() & members.keys():
            found += _unknown(value[name], members[name], f"{path}.{name}")
        return found
    if kind == "list" and isinstance(value, list):
        inner: Shape = shape.member  # type: ignore[attr-defined]
        return [
            text for n, item in enumerate(value) for text in _unknown(item, inner, f"{path}[{n}]")
        ]
    types: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "long": (int,),
        "boolean": (bool,),
        "timestamp": (str, int),
        "map": (dict,),
    }
    allowed = types.get(kind, ())
    right = isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))
    return [] if right else [f"{path} is {value!r}, not {kind}"]


def _shape(service: str, name: str) -> Shape:
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    return model.shape_for(name)


@pytest.mark.parametrize("name", STATE_CHANGES)
def test_state_change_has_eventbridge_envelope(name: str) -> None:
    envelope = event(name)
    assert envelope.keys() == ENVELOPE
    detail = envelope["detail"]
    assert envelope["resources"] == [detail.get("taskArn") or detail["jobArn"]]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", envelope["id"])
    assert re.fullmatch(r"2026-03-01T\d\d:\d\d:\d\dZ", envelope["time"])


@pytest.mark.parametrize("name", STATE_CHANGES)
def test_state_change_detail_fits_botocores_model(name: str) -> None:
    detail = event(name)["detail"]
    if name.startswith("ecs"):
        detail = {key: value for key, value in detail.items() if key not in _ONLY_IN_EVENTS}
        assert not _ONLY_IN_DESCRIBE & detail.keys()
        assert _unknown(detail, _shape("ecs", "Task"), "detail") == []
    else:
        assert _unknown(detail, _shape("batch", "JobDetail"), "detail") == []


def test_event_ids_differ() -> None:
    assert len({event(name)["id"] for name in STATE_CHANGES}) == len(STATE_CHANGES)


def test_samples_hold_no_exit_code_where_aws_sends_none() -> None:
    [container] = event("ecs_cannot_pull_container")["detail"]["containers"]
    assert "exitCode" not in container
    assert "startedAt" not in event("ecs_cannot_pull_container")["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "launch_run/message",
        "track_run/messages",
        "finish_run/message",
        "notify_airflow/message",
        "copy_logs/message",
        "copy_logs/part",
        "stop_run/message",
        "stop_run/orphan",
    ],
)
def test_queue_messages_have_the_shape_of_sqs_lambda_events(path: str) -> None:
    for record in sample(path)["Records"]:
        assert record["eventSource"] == "aws:sqs"
        assert isinstance(json.loads(record["body"]), dict)
        assert record.keys() == {
            "messageId",
            "receiptHandle",
            "body",
            "attributes",
            "messageAttributes",
            "md5OfBody",
            "eventSource",
            "eventSourceARN",
            "awsRegion",
        }


def test_readme_lists_every_sample() -> None:
    readme = (EVENTS / "README.md").read_text()
    assert [file for file in FILES if f"`{file}`" not in readme] == []
    assert [file for file in re.findall(r"`([\w/]+\.json)`", readme) if file not in FILES] == []
