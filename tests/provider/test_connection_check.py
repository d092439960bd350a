"""The button "Test" of a ``jetbridge`` connection, against an endpoint that answers as AWS does."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from http_server import HttpServer, Reply, Request

from airflow_provider_jetbridge.hooks import form
from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook
from airflow_provider_jetbridge.provider_info import CONNECTION_TYPE
from jetbridge.contract import WatchAnswer, encode

ANSWER = encode(
    WatchAnswer(runs={}, outcomes_table="outcomes", stop_function="jb-stop-run", region="eu-west-1")
)
WATCH, START, TABLE = "watch-runs", "start-run", "BatchGetItem"
Answer = tuple[int, dict[str, str], str]
DRY_RUN: Answer = (204, {}, "")


def refusal(code: str, status: int = 400) -> tuple[int, dict[str, str], str]:
    body = json.dumps({"__type": code, "message": "said by the test"})
    return status, {"x-amzn-ErrorType": code}, body


class Aws:
    """``answers`` has (status, headers, body) by what is asked: a function, or the table."""

    url: str

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {
            WATCH: (200, {}, ANSWER),
            TABLE: (200, {}, json.dumps({"Responses": {"outcomes": []}})),
            START: refusal("ResourceNotFoundException", 404),
        }
        self.asked: list[str] = []


@pytest.fixture
def aws() -> Iterator[Aws]:
    aws = Aws()

    def answer(request: Request) -> Reply:
        target = request.headers.get("X-Amz-Target", request.path)
        aws.asked.append(target)
        [what] = [name for name in aws.answers if name in target]
        status, headers, body = aws.answers[what]
        return Reply(status, body, headers)

    with HttpServer(answer) as server:
        aws.url = server.url
        yield aws


@pytest.fixture
def hook(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Callable[..., JetbridgeHook]:
    def make(url: str = "", **fields: str) -> JetbridgeHook:
        extra = {"stack": "jb", "region_name": "eu-west-1", "aws_conn_id": "aws_jb", **fields}
        ours = {"conn_type": "jetbridge", "extra": extra}
        theirs = {
            "conn_type": "aws",
            "login": "key",
            "password": "secret",
            "extra": {
                "endpoint_url": url or aws.url,
                "config_kwargs": {"retries": {"total_max_attempts": 1}},
            },
        }
        monkeypatch.setenv("AIRFLOW_CONN_JB", json.dumps(ours))
        monkeypatch.setenv("AIRFLOW_CONN_AWS_JB", json.dumps(theirs))
        return JetbridgeHook(jetbridge_conn_id="jb")

    return make


def test_a_stack_that_works(hook: Callable[..., JetbridgeHook], aws: Aws) -> None:
    assert hook().test_connection() == (
        True,
        "Stack jb answers in eu-west-1, and its outcomes table outcomes can be read",
    )
    assert len(aws.asked) == 2


@pytest.mark.parametrize(
    ("what", "answer", "expected"),
    [
        (
            WATCH,
            refusal("ResourceNotFoundException", 404),
            ("Field Stack: there is no Jetbridge stack jb in eu-west-1", "field Region"),
        ),
        (
            WATCH,
            refusal("AccessDeniedException", 403),
            (
                "lambda:InvokeFunction on jb-watch-runs:airflow is denied",
                "aws_jb",
                "AirflowPolicyArn",
            ),
        ),
        (
            WATCH,
            refusal("UnrecognizedClientException", 403),
            ("Field AWS connection: AWS doesn't accept the credentials of aws_jb; renew them",),
        ),
        (
            WATCH,
            refusal("ExpiredTokenException", 403),
            ("Field AWS connection: AWS doesn't accept the credentials of aws_jb; renew them",),
        ),
        (
            WATCH,
            (200, {"X-Amz-Function-Error": "Unhandled"}, '{"errorType": "KeyError"}'),
            ("jb-watch-runs fails", "/aws/lambda/jb-watch-runs", "KeyError"),
        ),
        (WATCH, (200, {}, '{"version": 9}'), ("answers in another version", "Update the stack")),
        (
            WATCH,
            refusal("ServiceException", 500),
            ("lambda:InvokeFunction on jb-watch-runs:airflow fails", "said by the test"),
        ),
        (
            TABLE,
            refusal("AccessDeniedException"),
            ("dynamodb:BatchGetItem on outcomes is denied", "AirflowPolicyArn"),
        ),
        (
            TABLE,
            refusal("ResourceNotFoundException"),
            ("its outcomes table outcomes isn't in eu-west-1", "Field Region"),
        ),
    ],
)
def test_what_is_wrong_is_said(
    hook: Callable[..., JetbridgeHook], aws: Aws, what: Any, answer: Any, expected: Any
) -> None:
    aws.answers[what] = answer
    works, message = hook().test_connection()
    assert not works
    for part in expected:
        assert part in message


def test_an_older_stack_is_distinguished_from_a_missing_one(
    hook: Callable[..., JetbridgeHook], aws: Aws
) -> None:
    aws.answers[WATCH] = refusal("ResourceNotFoundException", 404)
    aws.answers[START] = DRY_RUN
    works, message = hook().test_connection()
    assert not works
    assert "Stack jb in eu-west-1 has no alias 'airflow' of jb-watch-runs" in message


@pytest.mark.parametrize(
    "answer",
    [
        refusal("AccessDeniedException", 403),
        refusal("TooManyRequestsException", 429),
        refusal("ServiceException", 500),
    ],
)
def test_a_dry_run_that_aws_refuses_says_nothing_of_the_stack(
    hook: Callable[..., JetbridgeHook], aws: Aws, answer: Any
) -> None:
    aws.answers[WATCH] = refusal("ResourceNotFoundException", 404)
    aws.answers[START] = answer
    works, message = hook().test_connection()
    assert not works
    assert message.startswith("Either there is no Jetbridge stack jb in eu-west-1")
    assert "Or stack jb in eu-west-1 has no alias 'airflow' of jb-watch-runs" in message
    assert json.loads(answer[2])["__type"] in message


def test_an_endpoint_that_is_not_there(hook: Callable[..., JetbridgeHook]) -> None:
    works, message = hook(url="http://127.0.0.1:9").test_connection()
    assert not works
    assert "AWS can't be reached for lambda:InvokeFunction on jb-watch-runs" in message
    assert "Check field Region" in message


def test_a_stack_by_its_arn_is_called_by_arn(hook: Callable[..., JetbridgeHook], aws: Aws) -> None:
    arn = "arn:aws:cloudformation:eu-west-1:123456789012:stack/jb/0f1e"
    works, message = hook(stack=arn, region_name="").test_connection()
    assert works, message
    assert "function%3Ajb-watch-runs" in aws.asked[0]


def test_an_aws_connection_that_is_not_there(hook: Callable[..., JetbridgeHook]) -> None:
    works, message = hook(aws_conn_id="nowhere").test_connection()
    assert not works
    assert "nowhere" in message


def test_the_form_of_older_airflows_has_the_same_fields() -> None:
    behaviour = form.behaviour()
    assert behaviour.keys() == {"hidden_fields", "relabeling", "placeholders"}
    assert set(behaviour["placeholders"]) == set(CONNECTION_TYPE["conn-fields"])
    schema = {"type": "object", "additionalProperties": {"type": ["array", "object"]}}
    jsonschema.validate(behaviour, schema)


def test_airflow_knows_the_connection_type() -> None:
    from airflow.providers_manager import ProvidersManager

    hook = ProvidersManager().hooks["jetbridge"]
    assert hook is not None
    assert hook.hook_class_name == f"{JetbridgeHook.__module__}.JetbridgeHook"
    assert hook.connection_id_attribute_name == "jetbridge_conn_id"
    assert hook.hook_name == "Jetbridge"
