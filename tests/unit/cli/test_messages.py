"""What is known of a message, and what of it is shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetbridge_cli.messages import Message
from jetbridge_cli.redaction import REDACTED, redacted

EVENTS = Path(__file__).parents[3] / "events"
RUN = "mzxw6ytboi4dgmrtgq2t"


def message(body: str, **attributes: str) -> Message:
    return Message(
        id="m",
        receipt="r",
        body=body,
        attributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
        sent_at=0.0,
        receive_count=1,
        group="",
        trace="",
    )


@pytest.mark.parametrize(
    ("content", "run_ids"),
    [
        ({"run_id": RUN, "launch": 2}, [RUN]),
        ({"run_ids": [RUN, "b"], "reason": "not wanted"}, [RUN, "b"]),
        ({"detail": {"startedBy": f"jb-0123abcd-{RUN}-1"}}, [RUN]),
        ({"detail": {"jobName": f"jb-0123abcd-{RUN}-12-my-job"}}, [RUN]),
        ({"detail": {"startedBy": "ecs-svc/1234"}}, []),
        ({"detail": "text"}, []),
        ({"requestContext": {}, "requestPayload": {"run_ids": [RUN]}}, [RUN]),
        ({"requestContext": {}, "requestPayload": {"no": "request"}}, []),
        ({"requestContext": {}, "requestPayload": None}, []),
        ({"run_id": 7}, []),
        ([], []),
        (None, []),
    ],
)
def test_run_ids(content: Any, run_ids: list[str]) -> None:
    assert message(json.dumps(content)).run_ids == run_ids


@pytest.mark.parametrize("path", sorted(EVENTS.glob("state_changes/*.json")), ids=lambda p: p.stem)
def test_every_recorded_state_change_tells_its_run(path: Path) -> None:
    assert len(message(path.read_text()).run_ids) == 1


@given(st.text())
def test_any_text_is_a_message(text: str) -> None:
    found = message(text)
    assert isinstance(found.run_ids, list)
    assert isinstance(found.failure, str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["requestContext", "requestPayload", "responsePayload", "detail", "a"]),
            inner,
        )
    ),
)


@given(JSON)
def test_any_json_is_a_message(content: Any) -> None:
    found = message(json.dumps(content))
    assert isinstance(found.run_ids, list)
    assert isinstance(found.failure, str)
    json.dumps(redacted(content))


def test_eventbridge_says_why() -> None:
    found = message("{}", ERROR_CODE="NO_PERMISSIONS", ERROR_MESSAGE="no policy")
    assert found.failure == "NO_PERMISSIONS: no policy"


def test_an_expired_invocation_says_so() -> None:
    record = {
        "requestContext": {"condition": "EventAgeExceeded"},
        "requestPayload": {},
        "responsePayload": None,
    }
    assert message(json.dumps(record)).failure == "EventAgeExceeded"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            {"containerOverrides": [{"environment": [{"name": "A", "value": "secret"}]}]},
            {"containerOverrides": [{"environment": [{"name": "A", "value": REDACTED}]}]},
        ),
        ({"Environment": {"A": "secret"}}, {"Environment": {"A": REDACTED}}),
        ({"environment": "secret"}, {"environment": REDACTED}),
        ({"environment": ["secret"]}, {"environment": [REDACTED]}),
        ({"environmentFiles": [{"value": "s3"}]}, {"environmentFiles": [{"value": "s3"}]}),
        ([{"environment": []}, 1, None], [{"environment": []}, 1, None]),
    ],
)
def test_environments_are_redacted(value: Any, shown: Any) -> None:
    assert redacted(value) == shown


def test_recorded_environments_are_redacted() -> None:
    event = json.loads((EVENTS / "state_changes" / "batch_succeeded.json").read_text())
    event["detail"]["container"]["environment"] = [{"name": "PASSWORD", "value": "hunter2"}]
    text = json.dumps(redacted(event))
    assert "hunter2" not in text
    assert "PASSWORD" in text


def test_what_a_function_gave_up_says_why_and_by_which_id_its_log_has_it() -> None:
    given_up = message("no json", JETBRIDGE_REASON="body: is not JSON", JETBRIDGE_MESSAGE_ID="m-1")
    assert given_up.failure == "body: is not JSON"
    assert given_up.logged_as == "m-1"
    assert not given_up.undelivered
    assert message("no json").logged_as == "m"


@pytest.mark.parametrize(
    "content",
    [
        {"run_ids": [5, None, RUN, {}]},
        {"detail": {"startedBy": 5, "jobName": f"jb-0123abcd-{RUN}-1"}},
        {"requestContext": {}, "requestPayload": {"run_id": RUN}},
    ],
)
def test_odd_members_are_passed_over(content: Any) -> None:
    assert message(json.dumps(content)).run_ids == [RUN]


@pytest.mark.parametrize("body", ["[" * 100_000, '{"run_id": "\\ud800"}', '{"a": NaN}', "\x00"])
def test_bodies_that_no_message_should_have(body: str) -> None:
    odd = message(body)
    assert isinstance(odd.run_ids, list)
    assert odd.failure == ""
