"""launch_run asks ECS for a launch once for each turn."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from jetbridge.aws.clients import cached_client
from jetbridge.backends.ecs import EcsBackend
from jetbridge.backends.port import Throttled
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Definition
from jetbridge.wiring import backends

THROTTLED = {"__type": "ThrottlingException", "message": "Rate exceeded"}


class RefusedBody:
    def stream(self, **_options: Any) -> list[bytes]:
        return [json.dumps(THROTTLED).encode()]


@pytest.mark.parametrize(
    ("made", "calls"), [(backends.launching_ecs, 1), (backends.repeating_ecs, 4)]
)
def test_a_throttled_launch_is_asked_for_once(
    made: Any, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    cached_client.cache_clear()
    ecs = made()
    asked: list[str] = []

    def refuse(request: Any, **_rest: Any) -> AWSResponse:
        asked.append(request.url)
        return AWSResponse(request.url, 400, HTTPHeaders(), RefusedBody())

    ecs.meta.events.register("before-send.ecs.RunTask", refuse)
    with pytest.raises(Throttled):
        EcsBackend(ecs).launch(
            LaunchName("key", "run", 1), {}, Definition(arn="arn:definition", log_sources=[])
        )
    assert len(asked) == calls
    cached_client.cache_clear()
