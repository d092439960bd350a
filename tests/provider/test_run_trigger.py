"""The trigger: held against Airflow's resume race, the same after a restart."""

import asyncio
import json
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
import virtual_time
from fake_aws import FakeDynamoDB
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.links import publish, urls
from airflow_provider_jetbridge.triggers import guard
from airflow_provider_jetbridge.triggers.guard import hold_seconds
from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger
from jetbridge.contract import Launched, Outcome, Waiting, encode


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    run = import_module("airflow_provider_jetbridge.triggers.run")
    for module in (run, guard):
        monkeypatch.setattr(module.time, "monotonic", clock)
        monkeypatch.setattr(module.time, "time", clock)
        names = {"sleep": clock.sleep, "Lock": asyncio.Lock}
        monkeypatch.setattr(module, "asyncio", type("asyncio", (), names))
    monkeypatch.setattr(run, "resume_rate", guard.ResumeRate())
    return clock


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch, make_outcome: Callable[..., Outcome]) -> FakeDynamoDB:
    fake = FakeDynamoDB()
    fake.tables["outcomes"] = {"01k8run": encode(make_outcome())}
    monkeypatch.setattr(aws, "client", lambda access, service, **defaults: fake)
    return fake


def outcomes_read_at_once(monkeypatch: pytest.MonkeyPatch, *others: Any) -> FakeDynamoDB:
    """An empty table of outcomes. The poller, and ``others``, do in this thread what they do in
    other threads otherwise."""
    fake = FakeDynamoDB()
    fake.tables["outcomes"] = {}
    monkeypatch.setattr(aws, "client", lambda access, service, **defaults: fake)
    poller = import_module("airflow_provider_jetbridge.triggers.poller")
    monkeypatch.setattr(poller, "ThreadPoolExecutor", virtual_time.Inline)
    for module in (poller, *others):
        monkeypatch.setattr(module, "sync_to_async", virtual_time.in_this_thread)
    return fake


def trigger(deferred_at: float, run_id: str = "01k8run") -> JetbridgeRunTrigger:
    return JetbridgeRunTrigger(
        run_id=run_id,
        outcomes_table="outcomes",
        region_name="eu-central-1",
        deferred_at=deferred_at,
        aws_conn_id="aws_other",
        verify=False,
        botocore_config={"retries": {"max_attempts": 7}},
    )


def restarted(one: JetbridgeRunTrigger) -> JetbridgeRunTrigger:
    """As Airflow makes it again elsewhere, from the database."""
    path, kwargs = one.serialize()
    module, _, name = path.rpartition(".")
    made = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
    assert isinstance(made, JetbridgeRunTrigger)
    return made


async def fire(one: JetbridgeRunTrigger) -> list[Any]:
    async with asyncio.timeout(5):
        return [event.payload async for event in one.run()]


def test_a_run_that_ends_at_once_is_held_for_15_seconds(
    dynamodb: FakeDynamoDB, clock: Clock, make_event: Callable[..., dict[str, Any]]
) -> None:
    began = clock()
    events = asyncio.run(fire(trigger(deferred_at=began)))
    assert events == [{**make_event(), "waits_since": began}]
    assert clock.slept == [15, 0]


def test_where_airflow_fails_no_early_resume_nothing_is_held(
    dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    one = trigger(deferred_at=clock())
    one.held = False
    asyncio.run(fire(restarted(one)))
    assert clock.slept == [0]


def test_a_task_deferred_over_a_minute_ago_is_not_held(
    dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    asyncio.run(fire(trigger(deferred_at=clock() - 61)))
    assert clock.slept == [0]


@pytest.mark.parametrize(
    ("ran_for", "deferred_for", "hold"),
    [
        (0, 0, 15),
        (15, 15, 0),
        (14.5, 20, 0.5),
        (400, 400, 0),
        (0, 50, 10),
        (0, 3600, 0),
        pytest.param(0, -40, 15, id="worker's clock ahead"),
    ],
)
def test_hold(ran_for: float, deferred_for: int, hold: float) -> None:
    assert hold_seconds(trigger_ran_for=ran_for, deferred_for=deferred_for) == hold


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(-45, 45), st.floats(0, 600))
def test_nothing_resumes_within_15_seconds_of_its_deferral(
    wait_to_run: Any, ran: Any, skew: Any, restart_after: Any
) -> None:
    """Clocks may differ by 45 s, the trigger may run late, and again after a restart."""
    for began in {wait_to_run, wait_to_run + restart_after}:
        since_deferral = began + ran
        hold = hold_seconds(trigger_ran_for=ran, deferred_for=since_deferral + skew)
        assert since_deferral + hold >= 15 - 1e-6
        assert hold <= 15


def test_the_hold_is_configurable(
    dynamodb: FakeDynamoDB, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__RESUME_HOLD_SECONDS", "0")
    asyncio.run(fire(trigger(deferred_at=clock())))
    assert clock.slept == [0]


def test_a_restarted_trigger_fires_the_same_event(
    dynamodb: FakeDynamoDB, clock: Clock, make_event: Callable[..., dict[str, Any]]
) -> None:
    first = trigger(deferred_at=clock() - 100)
    second = restarted(first)
    assert second.serialize() == first.serialize()
    assert asyncio.run(fire(second)) == asyncio.run(fire(first))
    assert asyncio.run(fire(first)) == [{**make_event(), "waits_since": first.deferred_at}]


def test_what_it_waits_for_is_one_of_two() -> None:
    kwargs = trigger(deferred_at=1.5).serialize()[1]
    with pytest.raises(ValueError, match="until is 'started'; give one of finished, launched"):
        JetbridgeRunTrigger(**kwargs | {"until": "started"})


def test_airflow_can_store_its_arguments() -> None:
    from airflow.serialization.serialized_objects import BaseSerialization

    kwargs = trigger(deferred_at=1.5).serialize()[1]
    assert BaseSerialization.deserialize(BaseSerialization.serialize(kwargs)) == kwargs


def test_an_attached_try_is_in_the_event(
    dynamodb: FakeDynamoDB, clock: Clock, make_event: Callable[..., dict[str, Any]]
) -> None:
    one = trigger(deferred_at=clock())
    one.attached_try = ["ti", 2]
    events = asyncio.run(fire(restarted(one)))
    attached = {"attached_try": ["ti", 2], "waits_since": one.deferred_at}
    assert events == [{**make_event(), **attached}]


def test_the_log_says_what_the_run_waits_for_within_a_minute(
    monkeypatch: pytest.MonkeyPatch, make_outcome: Callable[..., Outcome]
) -> None:
    """Nobody tells of a launch for 40 s, then of a wait for capacity, then of a launch."""
    fake = outcomes_read_at_once(monkeypatch)
    waits = Waiting(run_id="01k8run", launch=2, what="capacity", reason="no room", since=0.0)
    launched = Launched(
        run_id="01k8run", backend="ecs", region="r", backend_id="arn/1", launched_at=1.0, launch=2
    )
    waiter = trigger(deferred_at=0.0)
    lines: list[tuple[float, str]] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(
            type(waiter),
            "log",
            SimpleNamespace(info=lambda text, *said: lines.append((loop.time(), text % said))),
        )
        news = asyncio.create_task(waiter._news())
        await asyncio.sleep(40)
        fake.waiting["01k8run"] = encode(waits)
        await asyncio.sleep(40)
        fake.launched["01k8run"] = encode(launched)
        await asyncio.sleep(90)
        fake.tables["outcomes"]["01k8run"] = encode(make_outcome())
        await news

    virtual_time.run(lambda _: scenario())
    told = [(round(at), text.split(": ")[0][:40]) for at, text in lines]
    assert told == [
        (30, "Run 01k8run isn't launched yet"),
        (40, "Run 01k8run waits for capacity since 197"),
        (80, "Run 01k8run is launched as ECS task arn/"),
        (120, "Run 01k8run"),
    ]
    assert "its ECS task doesn't run yet" in lines[-1][1]


@pytest.mark.parametrize("fails", [False, True])
def test_the_event_says_which_links_airflow_has_already(
    monkeypatch: pytest.MonkeyPatch, make_outcome: Callable[..., Outcome], fails: bool
) -> None:
    """They are those of the newest launch. The event has none if Airflow refused one of them."""
    fake = outcomes_read_at_once(monkeypatch, publish)
    stored: dict[str, str] = {}

    def store(task: Any, key: str, url: str) -> None:
        if fails and stored:
            raise RuntimeError("said by the test")
        stored[key] = url

    monkeypatch.setattr(publish, "_store", store)
    first = Launched(
        run_id="01k8run",
        backend="ecs",
        region="eu-central-1",
        backend_id="arn:aws:ecs:eu-central-1:123456789012:task/c/1",
        launched_at=1.0,
    )
    second = structs.replace(first, launch=2, backend_id=f"{first.backend_id}2")
    waiter = trigger(deferred_at=0.0)
    waiter.task_key = ["dag", "run", "job", -1]
    events: list[Any] = []

    async def scenario() -> None:
        news = asyncio.create_task(waiter._news())
        for launched in (first, second):
            fake.launched["01k8run"] = encode(launched)
            await asyncio.sleep(20)
        fake.tables["outcomes"]["01k8run"] = encode(make_outcome())
        events.append(await news)

    virtual_time.run(lambda _: scenario())
    (event,) = events
    assert "outcome" in event
    assert event.get("links") == (None if fails else urls.of_launched(second, None))
    assert event.get("links") == (None if fails else stored)
