"""Every error that AWS answers is noted, those that botocore tries again among them."""

import threading
from typing import Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError

from jetbridge_cli.aws import Aws
from jetbridge_cli.verify.bench import Bench, Stage
from jetbridge_cli.verify.patience import Patience
from jetbridge_cli.verify.recorder import Recorder

REGION = "us-east-1"


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> list[bytes]:
        return [self._content]

    def read(self, *_: object, **__: object) -> bytes:
        return self._content


def answering(session: boto3.Session, *answers: tuple[int, str]) -> None:
    """DynamoDB answers so, one request after the other."""
    left = list(answers)

    def answer(request: object, **_: object) -> Any:
        status, body = left.pop(0)
        return AWSResponse("https://dynamodb", status, {}, _Body(body.encode()))  # type: ignore[arg-type]

    session.events.register("before-send.dynamodb", answer)


def error(code: str) -> tuple[int, str]:
    return 400, f'{{"__type": "com.amazonaws#{code}", "message": "slow down"}}'


@pytest.fixture
def aws() -> Aws:
    return Aws(region=REGION)


def test_a_throttle_that_is_tried_again_is_noted(aws: Aws) -> None:
    recorder = Recorder()
    recorder.listen(aws.session)
    answering(aws.session, error("ThrottlingException"), error("ThrottlingException"), (200, "{}"))
    with recorder.during("flood"):
        assert aws.dynamodb.list_tables()["ResponseMetadata"]["HTTPStatusCode"] == 200
    [met] = recorder.errors
    assert (met.service, met.operation, met.code) == (
        "dynamodb",
        "ListTables",
        "ThrottlingException",
    )
    assert (met.message, met.count, met.during) == ("slow down", 2, ["flood"])


def test_one_that_is_raised_is_noted_with_all_who_met_it(aws: Aws) -> None:
    recorder = Recorder()
    recorder.listen(aws.session)
    answering(aws.session, *[error("ValidationException")] * 2)
    for part in ("schedule", "rule"):
        with recorder.during(part), pytest.raises(ClientError):
            aws.dynamodb.list_tables()
    [met] = recorder.errors
    assert (met.count, met.during) == (2, ["schedule", "rule"])


def test_an_endpoint_that_cant_be_reached_is_noted(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    recorder = Recorder()
    recorder.listen(aws.session)
    with pytest.raises(EndpointConnectionError):
        aws.dynamodb.list_tables()
    [met] = recorder.errors
    assert (met.code, met.during) == ("EndpointConnectionError", ["setting up"])


def test_what_a_checks_own_threads_meet_is_its_own(aws: Aws) -> None:
    recorder = Recorder()
    recorder.listen(aws.session)
    answering(aws.session, *[error("ValidationException")] * 3)
    aws.prepare()
    bench = Bench(cast(Stage, None), Patience(5, threading.Event()), {})

    def ask(_: int) -> str:
        with pytest.raises(ClientError):
            aws.dynamodb.list_tables()
        return threading.current_thread().name

    with recorder.during("flood"):
        threads = bench.at_once(ask, [1, 2, 3], 3)
    assert threading.current_thread().name not in threads
    [met] = recorder.errors
    assert (met.count, met.during) == (3, ["flood"])
