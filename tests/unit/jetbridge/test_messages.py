"""Messages as the queues carry them: also those that the release before has sent."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.queued import queued

from jetbridge.contract import ContractError, LogStream, S3LogTarget, StopCause, decode
from jetbridge.queues.copies import CopyMessage, LogPart
from jetbridge.queues.messages import (
    FinishMessage,
    LaunchMessage,
    NamedDefinition,
    Notice,
    Orphan,
    OrphanMessage,
    StopMessage,
    stop_or_orphan,
)
from jetbridge.queues.sqs import body_of

RUN = "mzxw6ytboi4dgmrtgq2t"
TARGET = {"kind": "s3", "bucket": "logs", "key_prefix": "dag/run/attempt=1.log"}
STREAM = {"container": "main", "attempt": 1, "group": "/g", "stream": "s", "region": "eu-west-1"}
PART = {"target": TARGET, "stream": STREAM, "name": "n", "logger": "l", "stopped_at": 5}
ORPHAN = {"backend": "ecs", "place": "c", "backend_id": "arn/1", "reason": "no run"}
STOP = {
    "run_ids": [RUN],
    "reason": "cleared",
    "cause": "timeout",
    "by": "ada",
    "callers": {RUN: "a"},
    "version": 1,
}
A_PART = LogPart(
    target=S3LogTarget(bucket="logs", key_prefix="dag/run/attempt=1.log"),
    stream=LogStream(container="main", attempt=1, group="/g", stream="s", region="eu-west-1"),
    name="n",
    logger="l",
    stopped_at=5,
)
A_STOP = StopMessage(
    run_ids=[RUN], reason="cleared", cause=StopCause.TIMEOUT, by="ada", callers={RUN: "a"}
)
AN_ORPHAN = OrphanMessage(
    orphan=Orphan(backend="ecs", place="c", backend_id="arn/1", reason="no run")
)
SINCE = 1_772_323_200.5

# Bodies as release 0.1 has sent them (tests/integration/stack/releases/0.1.tar.xz), and later code.
SENT_BEFORE: list[tuple[dict[str, Any], Any]] = [
    ({"run_id": RUN, "launch": 2}, LaunchMessage(run_id=RUN, launch=2)),
    (
        {"run_id": RUN, "launch": 1, "since": SINCE},
        LaunchMessage(run_id=RUN, launch=1, since=SINCE),
    ),
    (
        {"run_id": RUN, "launch": 1, "definition": {"backend": "batch", "name": "report:3"}},
        LaunchMessage(
            run_id=RUN, launch=1, definition=NamedDefinition(backend="batch", name="report:3")
        ),
    ),
    ({"run_id": RUN}, FinishMessage(run_id=RUN)),
    ({"run_id": RUN}, CopyMessage(run_id=RUN)),
    ({"run_id": RUN, "target": TARGET}, CopyMessage(run_id=RUN, target=A_PART.target)),
    ({"run_id": RUN, "part": PART}, CopyMessage(run_id=RUN, part=A_PART)),
    (
        {"run_id": RUN, "part": PART, "fresh": True, "keys": ["k"], "since": SINCE},
        CopyMessage(run_id=RUN, part=A_PART, fresh=True, keys=["k"], since=SINCE),
    ),
    (STOP, A_STOP),
    (STOP | {"since": SINCE}, msgspec.structs.replace(A_STOP, since=SINCE)),
    ({"orphan": ORPHAN}, AN_ORPHAN),
    ({"orphan": ORPHAN, "since": SINCE}, msgspec.structs.replace(AN_ORPHAN, since=SINCE)),
    ({"run_id": RUN, "airflow": "default"}, Notice(run_id=RUN, airflow="default")),
    (
        {"run_id": RUN, "airflow": "b", "on_finish": 0, "attempt": 3, "since": SINCE},
        Notice(run_id=RUN, airflow="b", on_finish=0, attempt=3, since=SINCE),
    ),
]


def _read(kind: type, body: str) -> Any:
    """As the handlers of the queues read a body."""
    content = json.loads(body)
    if kind in (StopMessage, OrphanMessage):
        return stop_or_orphan(content)
    return decode(kind, content)


@pytest.mark.parametrize(("sent", "message"), SENT_BEFORE)
def test_what_the_release_before_has_sent_is_read(sent: dict[str, Any], message: Any) -> None:
    assert _read(type(message), json.dumps(sent)) == message


@pytest.mark.parametrize(("sent", "message"), SENT_BEFORE)
def test_the_release_before_reads_what_is_sent_now(sent: dict[str, Any], message: Any) -> None:
    """What is left out has the value that it had before where it was missing."""
    now = queued(message)
    assert now == {name: sent[name] for name in now}
    defaults = {"version": 1}
    assert {name: value for name, value in sent.items() if name not in now}.items() <= (
        defaults.items()
    )


@pytest.mark.parametrize("field", ["run_id", "launch"])
def test_a_message_without_what_it_needs_names_the_field(field: str) -> None:
    body = {"run_id": RUN, "launch": 1}
    del body[field]
    with pytest.raises(ContractError, match=field):
        decode(LaunchMessage, body)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
ENDS = st.none() | st.floats(0, 1e11)


@given(reason=TEXTS, by=TEXTS, since=ENDS, runs=st.lists(TEXTS, min_size=1, max_size=5))
def test_a_stop_comes_as_it_was_sent(
    reason: str, by: str, since: float | None, runs: list[str]
) -> None:
    callers = dict.fromkeys(runs, by)
    message = StopMessage(run_ids=runs, reason=reason, by=by, callers=callers, since=since)
    body = body_of(message)
    # SQS takes no U+FFFE and few control characters (API reference of SendMessage).
    assert body.isascii()
    assert body.isprintable()
    assert _read(StopMessage, body) == message


@given(keys=st.lists(TEXTS, max_size=5), fresh=st.booleans(), since=ENDS, title=st.text(max_size=9))
def test_a_copy_comes_as_it_was_sent(
    keys: list[str], fresh: bool, since: float | None, title: str
) -> None:
    part = msgspec.structs.replace(A_PART, title=title)
    message = CopyMessage(run_id=RUN, part=part, keys=keys, fresh=fresh, since=since)
    assert _read(CopyMessage, body_of(message)) == message
