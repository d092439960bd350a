"""push: each answer of the endpoint is taken as what it means."""

from collections.abc import Iterator
from typing import Any

import pytest
from jetbridge_testing.airflow_server import AirflowServer, Reply
from jetbridge_testing.notices import Scene, run_of
from msgspec.structs import replace

from jetbridge.contract import AirflowCaller, Outcome, decode
from jetbridge.notify.airflow_port import Refused
from jetbridge.notify.notify import PATIENCE_SECONDS
from jetbridge.queues.port import GiveUp
from jetbridge.runs.run import Attachment

RESUMED = Reply(200, {"status": "resumed"})


@pytest.fixture
def server() -> Iterator[AirflowServer]:
    with AirflowServer().serving() as serving:
        yield serving


@pytest.fixture
def scene(server: AirflowServer) -> Scene:
    return Scene(server, run_of(finish="push"), result={"rows": 5, "text": "ä😀"})


def _caller(scene: Scene) -> AirflowCaller:
    caller = scene.run.caller
    assert isinstance(caller, AirflowCaller)
    return caller


def test_resumes_the_waiting_try(scene: Scene) -> None:
    scene.server.replies = [RESUMED]
    attempt = scene.attempt()
    assert (attempt.result, attempt.done, attempt.waited) == ("resumed", True, 1.0)
    [_, request] = scene.server.requests
    caller = _caller(scene)
    assert request.path == f"/jetbridge/v1/task-instances/{caller.ti_id}/outcome"
    assert request.body["try_number"] == caller.try_number
    assert decode(Outcome, request.body["outcome"]) == scene.outcome
    assert scene.queue.messages == []


def test_the_try_that_took_the_run_over_is_resumed(server: AirflowServer) -> None:
    run = run_of(finish="push")
    assert isinstance(run.request.caller, AirflowCaller)
    later = replace(run.request.caller, try_number=2, ti_id="019ab0c5-0000-7000-8000-000000000002")
    scene = Scene(server, replace(run, attachments=[Attachment(caller=later)]))
    server.replies = [RESUMED]
    scene.attempt()
    assert later.ti_id in server.requests[-1].path
    assert server.requests[-1].body["try_number"] == 2


@pytest.mark.parametrize(("status", "result"), [(409, "no longer waiting"), (410, "gone")])
def test_nobody_waits_any_more(scene: Scene, status: int, result: str) -> None:
    scene.server.replies = [Reply(status, {"detail": "x"})]
    attempt = scene.attempt()
    assert (attempt.result, attempt.done) == (result, True)
    assert scene.queue.messages == []


@pytest.mark.parametrize(
    ("header", "delay"), [("7", 7), ("0", 1), ("99999", 300), (None, 15), ("soon", 15)]
)
def test_too_early(scene: Scene, header: str | None, delay: int) -> None:
    scene.server.replies = [Reply(425, headers={"Retry-After": header} if header else {}), RESUMED]
    attempt = scene.attempt()
    assert (attempt.done, attempt.unavailable, attempt.delay_seconds) == (False, False, delay)
    assert scene.queue.delays == [delay]
    [message] = scene.queue.messages
    assert "attempt" not in message, "the next delay is none of an Airflow that is down"
    assert scene.attempt_again().result == "resumed"


@pytest.mark.parametrize("status", [403, 404, 405, 422, 400, 302, 418])
def test_somebody_has_to_act(scene: Scene, status: int) -> None:
    scene.server.replies = [Reply(status, {"detail": "because"})]
    with pytest.raises(Refused, match=rf"'default'.*{status}") as failure:
        scene.attempt()
    assert scene.queue.messages == []
    assert scene.breaker.remaining("default") == 0, "the next message may be another user's"
    advice = {403: "role", 404: "install", 405: "install", 422: "version", 302: "url"}
    assert advice.get(status, "url") in str(failure.value)


@pytest.mark.parametrize("reply", [Reply(200, content=b"<html>sign in</html>"), Reply(200, {})])
def test_something_else_answers(scene: Scene, reply: Reply) -> None:
    scene.server.replies = [reply]
    with pytest.raises(Refused, match="Something other than"):
        scene.attempt()


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
def test_airflow_is_down_or_busy(scene: Scene, status: int) -> None:
    scene.server.replies = [Reply(status), RESUMED]
    attempt = scene.attempt()
    assert attempt.unavailable
    assert str(status) in attempt.result
    assert (scene.queue.delays, scene.queue.groups) == ([5], ["default"])
    [message] = scene.queue.messages
    assert (message["attempt"], message["since"]) == (1, scene.clock())
    assert scene.attempt_again().result == "resumed"


@pytest.mark.parametrize(("header", "delay"), [("40", 40), ("99999", 300)])
def test_busy_airflow_says_how_long(scene: Scene, header: str, delay: int) -> None:
    scene.server.replies = [Reply(429, headers={"Retry-After": header})]
    assert scene.attempt().delay_seconds == delay
    assert scene.breaker.remaining("default") == delay


def test_delays_grow_up_to_five_minutes(scene: Scene) -> None:
    scene.server.replies = [Reply(503)] * 99
    scene.attempt()
    since = scene.queue.messages[0]["since"]
    for _ in range(9):
        scene.attempt_again()
    assert scene.queue.delays == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]
    assert {message["since"] for message in scene.queue.messages} == {since}


@pytest.mark.parametrize("how", ["hangs", "closes"])
def test_airflow_that_does_not_answer(scene: Scene, how: str) -> None:
    setattr(scene.server, how, 9)
    attempt = scene.attempt()
    assert attempt.unavailable
    assert "does not answer" in attempt.result


def test_rejected_credentials_wait_for_better_ones(scene: Scene) -> None:
    good = scene.secret
    scene.secret = scene.server.secret(password="old")
    attempt = scene.attempt()
    assert attempt.unavailable
    assert "credentials" in attempt.result
    scene.secret = good
    scene.server.replies = [RESUMED]
    assert scene.attempt_again().result == "resumed"


def test_unknown_airflow(server: AirflowServer) -> None:
    scene = Scene(server, run_of(finish="push", airflow="production"))
    with pytest.raises(Refused, match="no key 'production'"):
        scene.attempt()


def test_gives_up_after_13_days(scene: Scene) -> None:
    scene.server.replies = [Reply(503)] * 9
    scene.attempt()
    scene.clock.advance(PATIENCE_SECONDS)
    with pytest.raises(GiveUp, match="13 days"):
        scene.attempt_again()
    assert len(scene.queue.messages) == 1


def test_airflow_that_is_down_is_left_alone_for_a_while(scene: Scene) -> None:
    scene.server.replies = [Reply(503), RESUMED]
    scene.attempt()
    attempt = scene.attempt()
    assert (attempt.unavailable, attempt.result) == (True, "it was down a moment ago")
    assert len(scene.server.calls) == 1
    scene.clock.advance(5)
    assert scene.attempt().result == "resumed"


def test_error_of_airflows_own_holds_nothing_else_back(scene: Scene) -> None:
    scene.server.replies = [Reply(500), RESUMED]
    scene.attempt()
    assert scene.attempt().result == "resumed"


def test_airflow_that_stays_down_is_asked_once_a_minute(scene: Scene) -> None:
    scene.server.replies = [Reply(503)] * 999
    for _ in range(3600):
        scene.attempt()
        scene.clock.advance(1)
    assert 60 <= len(scene.server.calls) <= 64


def test_other_airflows_go_on(scene: Scene, server: AirflowServer) -> None:
    with AirflowServer().serving() as other:
        scene.secret = server.secret()[:-1] + ', "other": ' + other.secret()[12:]
        scene.server.replies = [Reply(503)]
        scene.attempt()
        other.replies = [RESUMED]
        assert scene.attempt(replace(scene.first, airflow="other")).result == "resumed"


@pytest.mark.parametrize(
    "request_fields", [{"finish": "feed"}, {}], ids=["asked for feed", "stack's feed"]
)
def test_feed_notifies_nobody(server: AirflowServer, request_fields: dict[str, Any]) -> None:
    scene = Scene(server, run_of(finish="push"))
    changed = run_of(**request_fields)
    scene.runs._rows[scene.run.run_id] = changed
    assert scene.attempt().result == "no task waits for it"
    assert server.requests == []


def test_unknown_run(scene: Scene) -> None:
    assert scene.notify(replace(scene.first, run_id="unknown")) is None
