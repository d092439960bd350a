"""Records that Airflow can't carry: each ends its own task, with a value or an error of its own.

The stations are the installed Airflow's own (`make matrix` has them all): the frame between trigger
and triggerer, the column of ``next_kwargs``, the XCom.
"""

import asyncio
import json
import traceback
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.execution_time.comms import _RequestFrame, _ResponseFrame
from airflow.triggers.base import TriggerEvent
from fake_aws import FakeDynamoDB
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.completion import launch_of, outcome_of
from airflow_provider_jetbridge.exceptions import (
    EarlierOutcome,
    ForeignOutcome,
    UnreadableOutcome,
)
from airflow_provider_jetbridge.story import Storyteller, tell_outcome
from airflow_provider_jetbridge.triggers import guard
from airflow_provider_jetbridge.triggers.events import raise_carriable
from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger
from jetbridge.contract import Launched, Outcome, carried, decode, encode, run_id_of
from jetbridge.contract.json_values import LEVELS

BIG = 2**64
DEEP = "[" * 3000 + "]" * 3000
HOSTILE = [
    str(BIG),
    str(-(2**63) - 1),
    "9" * 5000,
    r'"\ud800"',
    r'{"\udfff": 1}',
    r'["\u0000"]',
    "[" * 200 + "]" * 200,
    "NaN",
    "[1e999]",
    "1e22",
    '{"__classname__": "x.Y", "__version__": 1}',
    '{"__id__": 1}',
    '{"__type": "set", "__var": [1]}',
    json.dumps({"k" * 70_000: 1}),
]
UNREADABLE = ["", "{", "[]", "7", '"x"', "\0", "[" * 100_000, f'{{"x": {"[" * 40}{"]" * 40}}}']
MISTYPED = [
    ("exit_codes", f'{{"main": {BIG}}}'),
    ("launches", str(BIG)),
    ("advice", "7"),
    ("caller", "{}"),
    ("state", r'"\ud800"'),
]

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers().map(lambda number: number * BIG),
    st.floats(),
    st.text(st.characters() | st.just("\0") | st.characters(categories=["Cs"])),
)
NAMES = st.text() | st.sampled_from(["__classname__", "__type", "__var", "__id__", "__version__"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=15,
)


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> FakeDynamoDB:
    fake = FakeDynamoDB()
    fake.tables["outcomes"] = {}
    monkeypatch.setattr(aws, "client", lambda access, service, **defaults: fake)
    run = import_module("airflow_provider_jetbridge.triggers.run")
    monkeypatch.setattr(run, "resume_rate", guard.ResumeRate())
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__RESUME_HOLD_SECONDS", "0")
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__RESUMES_PER_SECOND", "1000")
    return fake


def with_member(outcome: Outcome, name: str, text: str) -> str:
    whole = json.loads(encode(outcome))
    whole.pop(name, None)
    return f'{json.dumps(whole)[:-1]}, "{name}": {text}}}'


def trigger(run_id: str = "01k8run", **keywords: Any) -> JetbridgeRunTrigger:
    return JetbridgeRunTrigger(
        run_id=run_id,
        outcomes_table="outcomes",
        region_name="eu-central-1",
        deferred_at=0.0,
        **keywords,
    )


async def fire(one: JetbridgeRunTrigger) -> list[Any]:
    async with asyncio.timeout(20):
        return [event.payload async for event in one.run()]


def through_airflow(payload: Any) -> Any:
    """The event as its task gets it."""
    from airflow.jobs.triggerer_job_runner import messages

    fired: Any = (7, TriggerEvent(payload))
    try:
        changes = messages.TriggerStateChanges(events=[fired], finished=[7])
    except ValueError:  # Airflow 3.3 has a third member
        fired = (*fired, None)
        changes = messages.TriggerStateChanges(events=[fired], finished=[7])
    frame = _RequestFrame(id=1, body=changes.model_dump()).as_bytes()
    body = msgspec.msgpack.Decoder(_RequestFrame).decode(frame[4:]).body
    events: Any = messages.TriggerStateChanges.model_validate(body).events
    received = events[0][1].payload
    stored = in_json(next_kwargs({"event": received}))
    frame = _ResponseFrame(id=1, body={"next_kwargs": stored}).as_bytes()
    read: Any = msgspec.msgpack.Decoder(_ResponseFrame).decode(frame[4:]).body
    return kwargs_of(read["next_kwargs"])["event"]


def in_json(value: Any) -> Any:
    """As JSONB keeps it: no NaN, no NUL, no half of a pair, and numbers without an exponent."""
    text = json.dumps(value, allow_nan=False)
    assert "\\u0000" not in text.replace("\\\\", "")
    json.dumps(value, ensure_ascii=False).encode()
    return json.loads(text, parse_float=_jsonb)


def _jsonb(digits: str) -> Any:
    number = float(digits)
    return int(number) if "e+" in digits and number.is_integer() else number


def next_kwargs(value: Any) -> Any:
    try:
        from airflow.sdk.serde import serialize
    except ImportError:
        from airflow.serialization.serialized_objects import BaseSerialization

        return BaseSerialization.serialize(value)
    return serialize(value)


def kwargs_of(value: Any) -> Any:
    try:
        from airflow.sdk.serde import deserialize
    except ImportError:
        from airflow.serialization.serialized_objects import BaseSerialization

        return BaseSerialization.deserialize(value)
    return deserialize(value)


def through_xcom(value: Any) -> Any:
    stored = in_json(BaseXCom.serialize_value(value))
    frame = _ResponseFrame(id=1, body={"value": stored}).as_bytes()
    read: Any = msgspec.msgpack.Decoder(_ResponseFrame).decode(frame[4:]).body
    return BaseXCom.deserialize_value(SimpleNamespace(value=read["value"]))


@given(VALUES)
def test_what_is_carried_passes_each_station_of_airflow_unchanged(value: Any) -> None:
    found = carried(value).value
    assert through_airflow({"outcome": {"result": found}}) == {"outcome": {"result": found}}
    assert through_xcom(found) == found


@pytest.mark.parametrize("value", [2**64 - 1, -(2**63), 2**53 + 1, 1e16, 1.8e19, 5e-324, "\x7f"])
def test_the_limits_pass_each_station(value: Any) -> None:
    assert carried(value) == (value, ())
    assert through_airflow({"outcome": value}) == {"outcome": value}
    assert through_xcom(value) == value


def test_the_deepest_passes_each_station() -> None:
    value = json.loads('{"a":[' * (LEVELS // 2) + "]}" * (LEVELS // 2))
    assert carried(value) == (value, ())
    assert through_airflow({"outcome": {"result": value}}) == {"outcome": {"result": value}}
    assert through_xcom(value) == value


@pytest.mark.parametrize("text", [*HOSTILE, DEEP])
def test_a_hostile_result_is_text_in_the_event(
    dynamodb: FakeDynamoDB, make_outcome: Callable[..., Outcome], ti: Any, text: Any
) -> None:
    dynamodb.tables["outcomes"]["01k8run"] = with_member(make_outcome(), "result", text)
    [event] = asyncio.run(fire(trigger()))
    received = through_airflow(event)
    assert received == event
    if "problem" in event:  # a Python that reads no 3,000 levels
        assert text is DEEP
        return
    outcome = outcome_of(received, ti)
    assert "Airflow can't carry" in outcome.advice
    assert through_xcom(outcome.result) == outcome.result


@pytest.mark.parametrize("text", UNREADABLE)
def test_an_unreadable_outcome_fails_its_own_task_for_good(
    dynamodb: FakeDynamoDB, ti: Any, text: Any
) -> None:
    dynamodb.tables["outcomes"][run_id_of_ti(ti)] = text
    [event] = asyncio.run(fire(trigger(run_id_of_ti(ti))))
    with pytest.raises(UnreadableOutcome, match="Clear the task to run it again") as failed:
        outcome_of(through_airflow(event), ti)
    assert isinstance(failed.value, AirflowFailException)


@pytest.mark.parametrize(("name", "text"), MISTYPED)
def test_a_field_of_another_type_fails_its_own_task_for_good(
    dynamodb: FakeDynamoDB, make_outcome: Callable[..., Outcome], ti: Any, name: Any, text: Any
) -> None:
    run_id = run_id_of_ti(ti)
    dynamodb.tables["outcomes"][run_id] = with_member(make_outcome(run_id=run_id), name, text)
    [event] = asyncio.run(fire(trigger(run_id)))
    with pytest.raises(UnreadableOutcome, match=name):
        outcome_of(through_airflow(event), ti)


def run_id_of_ti(ti: Any) -> str:
    from airflow_provider_jetbridge.task_instance import caller_of

    return run_id_of(caller_of(ti).key)


def test_an_unreadable_outcome_of_an_earlier_try_is_not_that_of_this_one(ti: Any) -> None:
    event = {"run_id": run_id_of_ti(ti), "problem": "record: is not JSON"}
    ti.try_number += 1
    with pytest.raises(EarlierOutcome):
        outcome_of(event, ti)
    attached = event | {"attached_try": [str(ti.id), ti.try_number]}
    with pytest.raises(UnreadableOutcome):
        outcome_of(attached, ti)
    with pytest.raises(UnreadableOutcome):
        launch_of(attached, ti)


def test_an_event_without_anything_may_be_tried_again(ti: Any) -> None:
    with pytest.raises(ForeignOutcome) as refused:
        outcome_of({}, ti)
    assert not isinstance(refused.value, AirflowFailException)


def test_hostile_outcomes_dont_affect_their_neighbours(
    dynamodb: FakeDynamoDB, make_outcome: Callable[..., Outcome]
) -> None:
    table = dynamodb.tables["outcomes"]
    bad = {f"bad-{index}": text for index, text in enumerate(UNREADABLE)}
    bad |= {
        f"hostile-{index}": with_member(make_outcome(run_id=f"hostile-{index}"), "result", text)
        for index, text in enumerate(HOSTILE)
    }
    good = {f"good-{index}": encode(make_outcome(run_id=f"good-{index}")) for index in range(9)}
    table.update(bad | good)

    async def all_of_them() -> Any:
        return await asyncio.gather(*(fire(trigger(run_id)) for run_id in [*bad, *good]))

    events = [each for [each] in asyncio.run(all_of_them())]
    assert [event["run_id"] for event in events] == [*bad, *good]
    for event in events:
        through_airflow(event)
    assert [event["outcome"]["run_id"] for event in events[len(bad) :]] == [*good]


def test_an_item_without_a_text_fails_its_own_task(
    dynamodb: FakeDynamoDB, make_outcome: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb.tables["outcomes"] |= {"bad": "", "good": encode(make_outcome(run_id="good"))}
    whole = dynamodb._item

    def numbers(rows: Any, key: Any) -> Any:
        return {"run_id": {"S": key}, "outcome": {"N": "7"}} if key == "bad" else whole(rows, key)

    monkeypatch.setattr(dynamodb, "_item", numbers)

    async def both() -> Any:
        return await asyncio.gather(fire(trigger("bad")), fire(trigger("good")))

    [[bad], [good]] = asyncio.run(both())
    assert "is not JSON" in bad["problem"]
    assert good["outcome"]["run_id"] == "good"


def test_a_launch_that_cannot_be_read_is_waited_past(
    dynamodb: FakeDynamoDB, make_outcome: Callable[..., Outcome]
) -> None:
    for text in [*UNREADABLE, '{"launch": 18446744073709551616}']:
        dynamodb.launched["01k8run"] = text
        dynamodb.tables["outcomes"].clear()

        async def ends_later() -> Any:
            waiting = asyncio.create_task(fire(trigger(until="launched")))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            dynamodb.tables["outcomes"]["01k8run"] = encode(make_outcome())
            return await waiting

        [event] = asyncio.run(ends_later())
        assert event["outcome"]["state"] == "succeeded"


def test_a_launch_event_has_only_what_airflow_can_carry(dynamodb: FakeDynamoDB) -> None:
    record = '{"run_id": "01k8run", "backend": "ecs", "region": "r", "launched_at": 1.0, '
    dynamodb.launched["01k8run"] = record + r'"backend_id": "half \ud83d \u0000"}'
    [event] = asyncio.run(fire(trigger(until="launched")))
    assert decode(Launched, through_airflow(event)["launched"]).backend_id == "half � �"


@pytest.mark.parametrize("text", [*UNREADABLE, '{"launch": 1e999}', r'{"run_id": "\ud800"}'])
def test_a_record_that_cannot_be_read_is_only_logged(text: Any) -> None:
    warnings = []
    log = SimpleNamespace(info=None, warning=lambda *words: warnings.append(words[0] % words[1:]))
    assert Storyteller(log).launched(text) is None
    warnings[0].encode()


def test_a_succeeded_runs_advice_is_logged(make_outcome: Callable[..., Outcome]) -> None:
    told = []
    log = SimpleNamespace(
        info=lambda *words: None, warning=lambda *words: told.append(words[0] % words[1:])
    )
    tell_outcome(log, make_outcome())
    tell_outcome(log, make_outcome(advice="Print it as text."))
    assert told == ["Run 01k8run: Print it as text."]


def test_an_errors_text_can_always_be_carried() -> None:
    plain = ValueError("plain")
    with pytest.raises(ValueError, match="plain") as same:
        raise_carriable(plain)
    assert same.value is plain
    hostile = ValueError("half \ud83d")
    with pytest.raises(RuntimeError, match="ValueError: half �") as cleaned:
        raise_carriable(hostile)
    "".join(traceback.format_exception(cleaned.value)).encode()
