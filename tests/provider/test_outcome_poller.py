"""One poller for all waiting triggers: complete, level-triggered, patient, and gone when idle."""

import asyncio
import logging
import random
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from botocore.exceptions import EndpointConnectionError
from fake_aws import FakeDynamoDB, client_error
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.triggers import poller as poller_module
from airflow_provider_jetbridge.triggers.outcomes import OutcomesReader, OutcomesTable
from airflow_provider_jetbridge.triggers.poller import OutcomePoller

TABLE = OutcomesTable("outcomes", AwsAccess())


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> FakeDynamoDB:
    fake = FakeDynamoDB()
    fake.tables["outcomes"] = {}
    monkeypatch.setattr(aws, "client", lambda access, service, **defaults: fake)
    monkeypatch.setattr(poller_module, "MAX_BACK_OFF_SECONDS", 0.05)
    return fake


def wait_for(*run_ids: str, table: OutcomesTable = TABLE) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(OutcomePoller.shared(table).outcome(run_id)) for run_id in run_ids]


async def until(condition: Any, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def test_many_triggers_share_one_poller_one_thread_and_batches_of_100(
    dynamodb: FakeDynamoDB,
) -> None:
    runs = [f"run-{number}" for number in range(250)]

    async def scenario() -> None:
        waiting = wait_for(*runs)
        await until(lambda: len(dynamodb.calls) >= 3)
        assert len(OutcomePoller._pollers) == 1
        assert [len(call) for call in dynamodb.calls[:3]] == [100, 100, 50]
        dynamodb.tables["outcomes"].update({run: f"outcome of {run}" for run in runs})
        assert await asyncio.gather(*waiting) == [f"outcome of {run}" for run in runs]

    asyncio.run(scenario())
    assert len(dynamodb.threads) == 1


def test_an_outcome_that_was_there_first_is_found(dynamodb: FakeDynamoDB) -> None:
    dynamodb.tables["outcomes"]["early"] = "there"

    async def scenario() -> str:
        return await OutcomePoller.shared(TABLE).outcome("early")

    assert asyncio.run(scenario()) == "there"


def test_two_triggers_for_one_run_both_get_its_outcome(dynamodb: FakeDynamoDB) -> None:
    async def scenario() -> list[str]:
        waiting = wait_for("run", "run")
        await until(lambda: len(dynamodb.calls) >= 2)
        assert all(call == ["run"] for call in dynamodb.calls)
        dynamodb.tables["outcomes"]["run"] = "done"
        return await asyncio.gather(*waiting)

    assert asyncio.run(scenario()) == ["done", "done"]


def test_each_new_launch_record_is_handed_over(dynamodb: FakeDynamoDB) -> None:
    told: list[str] = []

    async def scenario() -> str:
        async def waits() -> str:
            async for news in OutcomePoller.shared(TABLE).news("run"):
                told.append(news.text)
            return news.kind

        waiting = asyncio.create_task(waits())
        await until(lambda: len(dynamodb.calls) >= 2)
        for record in ("launched", "launched", "running"):
            dynamodb.launched["run"] = record
            calls = len(dynamodb.calls)
            await until(lambda calls=calls: len(dynamodb.calls) >= calls + 2)
        dynamodb.tables["outcomes"]["run"] = "done"
        return await waiting

    assert asyncio.run(scenario()) == "outcome"
    assert told == ["launched", "running", "done"]


def test_what_a_run_waits_for_is_handed_over_before_its_launch(dynamodb: FakeDynamoDB) -> None:
    told: list[tuple[str, str]] = []

    async def scenario() -> None:
        async def waits() -> None:
            async for kind, text in OutcomePoller.shared(TABLE).news("run"):
                told.append((kind, text))  # each is looked for as it comes

        waiting = asyncio.create_task(waits())
        for step in ("capacity", "throttle"):
            dynamodb.waiting["run"] = step
            await until(lambda step=step: ("waiting", step) in told)
        dynamodb.launched["run"] = "launched"
        await until(lambda: len(told) == 3)
        dynamodb.tables["outcomes"]["run"] = "done"
        await waiting

    asyncio.run(scenario())
    assert told == [
        ("waiting", "capacity"),
        ("waiting", "throttle"),
        ("launched", "launched"),
        ("outcome", "done"),
    ]


def test_both_records_at_once_are_both_handed_over(dynamodb: FakeDynamoDB) -> None:
    dynamodb.waiting["run"], dynamodb.launched["run"] = "capacity", "launched"
    told: list[str] = []

    async def scenario() -> None:
        news = OutcomePoller.shared(TABLE).news("run")
        told.extend([(await anext(news)).kind, (await anext(news)).kind])
        await news.aclose()

    asyncio.run(scenario())
    assert told == ["waiting", "launched"]


def test_an_eager_waiter_among_many_gets_its_launch_in_the_next_pass(
    dynamodb: FakeDynamoDB,
) -> None:
    dynamodb.index = {}

    async def scenario() -> None:
        poller = OutcomePoller.shared(TABLE)
        many = wait_for(*(f"run-{number}" for number in range(150)))
        news = poller.news("eager", eager=True)
        eager = asyncio.create_task(anext(news))
        await until(lambda: len(dynamodb.queries) >= 3)
        looked_up = [keys for keys in dynamodb.calls[2:] if keys != ["eager"]]
        assert not looked_up, "the others are looked up once a minute"
        dynamodb.launched["eager"] = "launched"
        queries = len(dynamodb.queries)
        assert await eager == ("launched", "launched")
        assert len(dynamodb.queries) <= queries + 2
        await news.aclose()
        for task in many:
            task.cancel()

    asyncio.run(scenario())


def test_it_ends_when_nobody_waits_and_begins_again(dynamodb: FakeDynamoDB) -> None:
    async def scenario() -> None:
        for round_ in ("first", "second"):
            (waiting,) = wait_for(round_)
            await until(lambda round_=round_: dynamodb.calls and dynamodb.calls[-1] == [round_])
            waiting.cancel()
            await until(lambda: not OutcomePoller._pollers)
            calls = len(dynamodb.calls)
            await asyncio.sleep(0.1)
            assert len(dynamodb.calls) == calls

    asyncio.run(scenario())


def test_a_trigger_that_joins_while_the_last_one_leaves_is_served(dynamodb: FakeDynamoDB) -> None:
    dynamodb.tables["outcomes"]["late"] = "served"

    async def scenario() -> str:
        (leaving,) = wait_for("leaving")
        await until(lambda: bool(dynamodb.calls))
        leaving.cancel()
        async with asyncio.timeout(60):
            return await OutcomePoller.shared(TABLE).outcome("late")

    assert asyncio.run(scenario()) == "served"


def test_each_table_and_connection_has_its_own_poller(dynamodb: FakeDynamoDB) -> None:
    dynamodb.tables["others"] = {"b": "of others"}
    dynamodb.tables["outcomes"] = {"a": "of outcomes", "c": "elsewhere"}
    others = OutcomesTable("others", AwsAccess())
    elsewhere = OutcomesTable("outcomes", AwsAccess(region_name="us-east-1"))

    async def scenario() -> list[str]:
        waiting = [
            *wait_for("a"),
            *wait_for("b", table=others),
            *wait_for("c", table=elsewhere),
        ]
        await asyncio.sleep(0)
        assert len(OutcomePoller._pollers) == 3
        return await asyncio.gather(*waiting)

    assert asyncio.run(scenario()) == ["of outcomes", "of others", "elsewhere"]
    assert len(dynamodb.threads) == 3


def test_a_lasting_throttle_is_backed_off_reported_once_and_survived(
    dynamodb: FakeDynamoDB, caplog: pytest.LogCaptureFixture
) -> None:
    dynamodb.faults.extend(client_error("ThrottlingException") for _ in range(4))
    dynamodb.tables["outcomes"]["run"] = "after all"
    caplog.set_level(logging.INFO, logger=poller_module.__name__)

    async def scenario() -> str:
        return await OutcomePoller.shared(TABLE).outcome("run")

    assert asyncio.run(scenario()) == "after all"
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if "can't be read" in line] == [
        "Outcomes table outcomes can't be read: ClientError: An error occurred "
        "(ThrottlingException) when calling the BatchGetItem operation: said by the test. "
        "Trying again until it can"
    ]


def test_the_back_off_grows_to_its_limit(
    dynamodb: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller_module, "MAX_BACK_OFF_SECONDS", 30.0)
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__POLL_INTERVAL_SECONDS", "1.0")

    async def scenario() -> list[float]:
        poller = OutcomePoller(TABLE, on_end=lambda: None)
        dynamodb.faults.extend(client_error("ThrottlingException") for _ in range(6))
        poller._rounds.add("run")
        return [poller._delay(await poller._pass()) for _ in range(7)]

    assert asyncio.run(scenario()) == [2, 4, 8, 16, 30, 30, 1]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (client_error("ThrottlingException"), False),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1"), False),
        (client_error("AccessDeniedException"), True),
        (client_error("ResourceNotFoundException"), True),
        (ValueError("no such connection"), True),
    ],
)
def test_waiting_tasks_log_a_problem_that_a_person_must_solve(
    dynamodb: FakeDynamoDB, caplog: pytest.LogCaptureFixture, error: Any, told: bool
) -> None:
    dynamodb.faults.append(error)
    dynamodb.tables["outcomes"].update(a="1", b="2")

    async def scenario() -> None:
        await asyncio.gather(*wait_for("a", "b"))

    asyncio.run(scenario())
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == (3 if told else 1)


def test_a_missing_connection_is_logged_and_waited_for(
    dynamodb: FakeDynamoDB, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb.tables["outcomes"]["run"] = "after all"
    answers = [KeyError("no connection aws_default"), KeyError("still none"), dynamodb]

    def connect(access: Any, service: Any, **defaults: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(aws, "client", connect)

    async def scenario() -> str:
        async with asyncio.timeout(60):
            return await OutcomePoller.shared(TABLE).outcome("run")

    assert asyncio.run(scenario()) == "after all"
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 2
    assert all("no connection aws_default" in message for message in told)


def test_a_client_is_made_where_airflow_lets_itself_be_asked(
    dynamodb: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow 3.0 answers in a thread of asgiref alone, which knows the triggerer's loop."""
    loops = []

    def connect(access: Any, service: Any, **defaults: Any) -> Any:
        async def running_loop() -> Any:
            return asyncio.get_running_loop()

        loops.append(async_to_sync(running_loop)())
        return dynamodb

    monkeypatch.setattr(aws, "client", connect)
    dynamodb.tables["outcomes"]["run"] = "done"

    async def scenario() -> asyncio.AbstractEventLoop:
        await OutcomePoller.shared(TABLE).outcome("run")
        return asyncio.get_running_loop()

    triggerers_loop = asyncio.run(scenario())
    assert loops == [triggerers_loop]


def test_what_was_found_before_an_error_is_handed_over(dynamodb: FakeDynamoDB) -> None:
    runs = [f"run-{number}" for number in range(150)]
    dynamodb.tables["outcomes"].update(dict.fromkeys(runs, "done"))
    dynamodb.faults.extend([lambda keys: [], client_error("ThrottlingException")])

    reader = OutcomesReader(TABLE)
    reader.connect()
    reading = reader.read(runs)

    assert sorted(reading.ended) == sorted(runs[:100])
    assert reading.unread == runs[100:]


def test_unread_runs_come_first_in_the_next_pass(dynamodb: FakeDynamoDB) -> None:
    runs = [f"run-{number}" for number in range(150)]
    dynamodb.faults.extend([lambda keys: keys[90:], lambda keys: []])

    async def scenario() -> None:
        waiting = wait_for(*runs)
        await until(lambda: len(dynamodb.calls) >= 3)
        for task in waiting:
            task.cancel()

    asyncio.run(scenario())
    assert dynamodb.calls[2][:10] == runs[90:100]


def test_an_error_in_the_poller_itself_fails_the_tasks_rather_than_hang_them(
    dynamodb: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__POLL_INTERVAL_SECONDS", "-1")

    async def scenario() -> None:
        with pytest.raises(ValueError, match="poll_interval_seconds is -1"):
            await OutcomePoller.shared(TABLE).outcome("run")
        await until(lambda: not OutcomePoller._pollers)

    asyncio.run(scenario())


@given(seed=st.integers(0, 2**32), runs=st.integers(1, 330), faults=st.integers(0, 12))
@settings(max_examples=25, deadline=None)
def test_every_run_ends_once_whatever_dynamodb_leaves_out(
    seed: Any, runs: Any, faults: Any
) -> None:
    rng = random.Random(seed)
    dynamodb = FakeDynamoDB()
    dynamodb.tables["outcomes"] = {}
    names = [f"run-{number}" for number in range(runs)]

    def some(keys: list[str]) -> list[str]:
        return rng.sample(keys, rng.randint(0, len(keys)))

    dynamodb.faults.extend(
        rng.choice([some, some, client_error("ThrottlingException"), client_error("Nonsense")])
        for _ in range(faults)
    )

    async def scenario() -> list[str]:
        waiting = wait_for(*names)
        for name in rng.sample(names, len(names)):
            dynamodb.tables["outcomes"][name] = f"outcome of {name}"
            if rng.random() < 0.05:
                await asyncio.sleep(0.001)
        async with asyncio.timeout(120):
            return await asyncio.gather(*waiting)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "client", lambda access, service, **defaults: dynamodb)
        patch.setattr(poller_module, "MAX_BACK_OFF_SECONDS", 0.02)
        patch.setenv("AIRFLOW__JETBRIDGE__POLL_INTERVAL_SECONDS", "0.002")
        assert asyncio.run(scenario()) == [f"outcome of {name}" for name in names]
