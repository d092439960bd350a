"""The feed: calls follow completions, and no run waits on a lost index entry for over a minute."""

import asyncio
import logging
import random
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
import virtual_time
from fake_aws import FakeDynamoDB, client_error
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.triggers import poller as poller_module
from airflow_provider_jetbridge.triggers.feed import Feed
from airflow_provider_jetbridge.triggers.outcomes import OutcomesTable
from airflow_provider_jetbridge.triggers.poller import FEW_RUNS, OutcomePoller

TABLE = OutcomesTable("outcomes", AwsAccess())
EPOCH = 1_790_000_000.0


@dataclass
class World:
    """One triggerer's poller on a virtual clock, and a table that others write."""

    loop: virtual_time.VirtualLoop
    dynamodb: FakeDynamoDB
    delivered: dict[str, float] = field(default_factory=dict)

    def begin_to_wait(self, run_id: str) -> asyncio.Task[None]:
        async def wait() -> None:
            outcome = await OutcomePoller.shared(TABLE).outcome(run_id)
            assert outcome == f"outcome of {run_id}"
            assert run_id not in self.delivered, "it was delivered twice"
            self.delivered[run_id] = self.loop.time()

        return self.loop.create_task(wait())

    def end(self, run_id: str, *, indexed: bool = True, clock_ahead: float = 0.0) -> None:
        """Seal the outcome, by a clock that may differ from the triggerer's."""
        self.dynamodb.tables["outcomes"][run_id] = f"outcome of {run_id}"
        if indexed:
            assert self.dynamodb.index is not None
            self.dynamodb.index[run_id] = EPOCH + self.loop.time() + clock_ahead


def play(scenario: Any, dynamodb: FakeDynamoDB | None = None) -> Any:
    """Run a scenario in virtual time, with the poll interval that Airflow has by default."""
    if dynamodb is None:
        dynamodb = FakeDynamoDB()
        dynamodb.index = {}
    dynamodb.tables["outcomes"] = {}

    async def begin(loop: virtual_time.VirtualLoop) -> Any:
        patch.setattr(time, "time", lambda: EPOCH + loop.time())
        return await scenario(World(loop, dynamodb))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__JETBRIDGE__POLL_INTERVAL_SECONDS", "1.0")
        patch.setattr(Feed, "_told", set())
        patch.setattr(aws, "client", lambda access, service, **defaults: dynamodb)
        patch.setattr(poller_module, "ThreadPoolExecutor", virtual_time.Inline)
        patch.setattr(poller_module, "sync_to_async", virtual_time.in_this_thread)
        return virtual_time.run(begin)


def names(count: int) -> list[str]:
    return [f"run-{number}" for number in range(count)]


@pytest.mark.parametrize("waiting", [300, 1000])
def test_calls_follow_completions_and_not_waiting_tasks(waiting: int) -> None:
    """A minute of a hundred thousand waiting tasks would cost 60 queries, too."""

    async def scenario(world: World) -> tuple[int, int]:
        tasks = [world.begin_to_wait(name) for name in names(waiting)]
        await asyncio.sleep(30.5)
        queries, reads = len(world.dynamodb.queries), len(world.dynamodb.calls)
        await asyncio.sleep(60)
        for task in tasks:
            task.cancel()
        return len(world.dynamodb.queries) - queries, len(world.dynamodb.calls) - reads

    queries, reads = play(scenario)
    assert queries == 60
    assert reads == waiting / 100


def test_an_ended_run_is_resumed_by_the_next_pass() -> None:
    async def scenario(world: World) -> None:
        tasks = [world.begin_to_wait(name) for name in names(200)]
        await asyncio.sleep(10.5)
        reads = len(world.dynamodb.calls)
        for name in names(130)[::13]:
            world.end(name)
        world.end("of-another-airflow")
        await asyncio.sleep(1)
        assert sorted(world.delivered) == sorted(names(130)[::13])
        assert sorted(world.dynamodb.calls[reads]) == sorted(names(130)[::13])
        assert len(world.dynamodb.calls) == reads + 1
        for task in tasks:
            task.cancel()

    play(scenario)


def test_a_burst_is_read_through_all_pages() -> None:
    async def scenario(world: World) -> None:
        for name in names(500):
            world.begin_to_wait(name)
        await asyncio.sleep(5.5)
        for name in names(500):
            world.end(name)
        await asyncio.sleep(1)
        assert len(world.delivered) == 500

    play(scenario)


def test_few_runs_need_no_index() -> None:
    """One call a second as with it, and an outcome comes with that call."""

    async def scenario(world: World) -> None:
        for name in names(FEW_RUNS):
            world.begin_to_wait(name)
        await asyncio.sleep(5.5)
        assert [len(call) for call in world.dynamodb.calls] == [FEW_RUNS] * 6
        assert world.dynamodb.queries == []
        for name in names(FEW_RUNS):
            world.end(name, indexed=False)
        await asyncio.sleep(1)
        assert len(world.delivered) == FEW_RUNS

    play(scenario)


def without_index() -> FakeDynamoDB:
    return FakeDynamoDB()


def refused() -> FakeDynamoDB:
    dynamodb = FakeDynamoDB()
    dynamodb.index = {}
    dynamodb.query_faults.append(client_error("AccessDeniedException", "Query"))
    return dynamodb


@pytest.mark.parametrize("table", [without_index, refused])
def test_without_the_index_every_run_is_looked_up_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture, table: Any
) -> None:
    caplog.set_level(logging.INFO, logger="airflow_provider_jetbridge")

    async def scenario(world: World) -> None:
        world.begin_to_wait("lasting")
        for batch in range(2):
            for name in names(150):
                world.begin_to_wait(f"{batch}-{name}")
            await asyncio.sleep(3.5)
            for name in names(150):
                world.end(f"{batch}-{name}", indexed=False)
            await asyncio.sleep(1)
        assert len(world.delivered) == 300
        assert len(world.dynamodb.queries) == 1
        for name in names(150):
            world.begin_to_wait(name)
        world.dynamodb.index = {}
        await asyncio.sleep(300)
        assert len(world.dynamodb.queries) > 1
        world.end("lasting")
        for name in names(150):
            world.end(name)
        await asyncio.sleep(2)
        assert len(world.delivered) == 451

    play(scenario, table())
    said = [record.getMessage() for record in caplog.records]
    said = [line for line in said if line.startswith("Index finished of outcomes table")]
    assert len(said) == 2
    assert "Update Jetbridge's stack" in said[0]
    assert said[1] == "Index finished of outcomes table outcomes can be queried"


def test_a_throttled_index_does_not_keep_outcomes_from_anybody_for_over_a_minute() -> None:
    async def scenario(world: World) -> None:
        for name in names(150):
            world.begin_to_wait(name)
        await asyncio.sleep(5.5)
        world.dynamodb.query_faults.extend(
            client_error("ThrottlingException", "Query") for _ in range(1000)
        )
        ended = world.loop.time()
        for name in names(150):
            world.end(name)
        await asyncio.sleep(61)
        assert len(world.delivered) == 150
        assert max(world.delivered.values()) - ended <= 60

    play(scenario)


@given(
    seed=st.integers(0, 2**32),
    runs=st.integers(1, 260),
    lost=st.sampled_from([0.0, 0.1, 1.0]),
    throttles=st.integers(0, 6),
    skew=st.floats(-50, 50),
)
@settings(max_examples=60, deadline=None)
def test_every_run_is_delivered_once_and_within_a_minute(
    seed: Any, runs: Any, lost: Any, throttles: Any, skew: Any
) -> None:
    """Whatever the order of waiting and ending, with index entries lost, clocks that differ,
    calls throttled, keys left out, and some that stop waiting."""
    rng = random.Random(seed)
    dynamodb = FakeDynamoDB()
    dynamodb.index = {}
    dynamodb.faults.extend(
        rng.choice([client_error("ThrottlingException"), lambda keys: keys[::2]])
        for _ in range(throttles)
    )
    dynamodb.query_faults.extend(
        client_error("ThrottlingException", "Query") for _ in range(rng.randint(0, throttles))
    )
    began: dict[str, float] = {}
    ended: dict[str, float] = {}
    left: set[str] = set()

    async def scenario(world: World) -> None:
        async def one(name: str) -> None:
            starts, ends = rng.uniform(0, 90), rng.uniform(0, 240)
            for at, what in sorted([(starts, "wait"), (ends, "end")]):
                await asyncio.sleep(at - world.loop.time())
                if what == "wait":
                    began[name] = world.loop.time()
                    task = world.begin_to_wait(name)
                    if rng.random() < 0.05:
                        left.add(name)
                        await asyncio.sleep(0.5)
                        task.cancel()
                else:
                    ended[name] = world.loop.time()
                    indexed = rng.random() >= lost
                    world.end(name, indexed=indexed, clock_ahead=skew)

        await asyncio.gather(*(one(name) for name in names(runs)))
        await asyncio.sleep(400)
        assert set(world.delivered) | left >= set(names(runs))
        assert not OutcomePoller._pollers
        # Each throttled pass puts the next one off, by 30 s at most.
        allowed = 60 + 30 * (throttles + len(dynamodb.query_faults)) if throttles else 60
        for name, at in world.delivered.items():
            assert at - max(began[name], ended[name]) <= allowed

    play(scenario, dynamodb)
