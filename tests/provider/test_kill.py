"""Kill means kill, once: what was meant is stopped in batches, what Airflow moved is let alone."""

import asyncio
import logging
import time
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest
import virtual_time
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.triggers.base import BaseTrigger
from botocore.exceptions import ReadTimeoutError
from fake_aws import FakeDynamoDB, FakeLambda, client_error
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.triggers import kill, killed, poller, stops
from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger

DAG_RUN = ("dag", "manual__1")


class Airflow:
    """Answers ``get_task_states`` as Airflow's execution API does
    (routes/task_instances.py, ``get_task_instance_states``)."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, str, str, int], str | None] = {}
        self.questions: list[tuple[str, str]] = []
        self.faults: deque[Exception] = deque()

    def get_task_states(self, *, dag_id: str, task_ids: list[str], run_ids: list[str]) -> Any:
        (run_id,) = run_ids
        self.questions.append((dag_id, run_id))
        if self.faults:
            raise self.faults.popleft()
        found: dict[str, dict[str, str | None]] = {}
        for (dag, run, task, index), state in self.states.items():
            if (dag, run) == (dag_id, run_id) and task in task_ids:
                name = task if index < 0 else f"{task}_{index}"
                found.setdefault(run, {})[name] = state
        return found


class Stack(FakeLambda):
    """stop_run, which answers as often as it is asked unless an answer is laid ready."""

    def invoke(
        self, *, FunctionName: str, InvocationType: str, Payload: bytes, Qualifier: str = ""
    ) -> Any:
        if not self.answers:
            self.answers.append({"stopping": [], "already_ended": [], "unknown": []})
        return super().invoke(
            FunctionName=FunctionName, InvocationType=InvocationType, Payload=Payload
        )

    @property
    def stopped(self) -> list[str]:
        return [run for _, request in self.invocations for run in request["run_ids"]]


class World:
    def __init__(self) -> None:
        self.airflow = Airflow()
        self.stack = Stack()
        self.dynamodb = FakeDynamoDB()
        self.dynamodb.tables["outcomes"] = {}

    def client(self, access: Any, service: str, **defaults: Any) -> Any:
        return {"lambda": self.stack, "dynamodb": self.dynamodb}[service]

    def trigger(
        self, task: str, index: int = -1, state: str | None = "failed", **keywords: Any
    ) -> Any:
        """A deferred task's trigger, whose task instance is in that state by now."""
        self.airflow.states[(*DAG_RUN, task, index)] = state
        trigger = JetbridgeRunTrigger(
            **{
                "run_id": f"run-of-{task}-{index}",
                "outcomes_table": "outcomes",
                "region_name": "eu-central-1",
                "deferred_at": 0.0,
                "stop_function": "jetbridge-stop-run",
                "caller_key": f"key of {task} {index}",
                **keywords,
            }
        )
        waiting: Any = SimpleNamespace(
            dag_id=DAG_RUN[0], run_id=DAG_RUN[1], task_id=task, map_index=index
        )
        trigger.task_instance = waiting
        return trigger

    def play(self, scenario: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(aws, "client", self.client)
            patch.setattr(
                RuntimeTaskInstance, "get_task_states", staticmethod(self.airflow.get_task_states)
            )
            patch.setattr(kill, "ThreadPoolExecutor", virtual_time.Inline)
            for module in (killed, stops):
                patch.setattr(module, "sync_to_async", virtual_time.in_this_thread)
            return virtual_time.run(scenario)

    def kill(self, *triggers: JetbridgeRunTrigger, seconds: float = 10.0) -> None:
        """Airflow kills them all in one round, and then runs for ``seconds``."""

        async def scenario(loop: Any) -> None:
            await asyncio.gather(*(trigger.on_kill() for trigger in triggers))
            await asyncio.sleep(seconds)

        self.play(scenario)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("state", ["failed", "success", "skipped", None, "scheduled", "running"])
def test_a_run_whose_task_is_not_deferred_any_more_is_stopped(
    world: World, state: str | None
) -> None:
    world.kill(world.trigger("job", state=state))
    ((function, request),) = world.stack.invocations
    assert function == "jetbridge-stop-run"
    assert request["run_ids"] == ["run-of-job--1"]
    assert request["callers"] == {"run-of-job--1": "key of job -1"}
    assert request["cause"] == "stopped_by_user"


def test_a_run_whose_dag_run_was_deleted_is_stopped(world: World) -> None:
    trigger = world.trigger("job")
    world.airflow.states.clear()
    world.kill(trigger)
    assert world.stack.stopped == ["run-of-job--1"]


def test_a_task_that_airflow_moved_to_another_triggerer_keeps_its_run(world: World) -> None:
    world.kill(*(world.trigger("job", index, state="deferred") for index in range(300)))
    assert world.airflow.questions == [DAG_RUN]
    assert world.stack.invocations == []


def test_a_run_that_has_ended_is_let_alone(world: World) -> None:
    world.dynamodb.tables["outcomes"]["run-of-job--1"] = "sealed"
    world.kill(world.trigger("job", state="success"))
    assert world.stack.invocations == []


def test_an_unreadable_table_keeps_nothing_running(world: World) -> None:
    world.dynamodb.faults.append(client_error("AccessDeniedException"))
    world.kill(world.trigger("job"))
    assert world.stack.stopped == ["run-of-job--1"]


def test_a_thousand_kills_are_one_question_and_ten_stop_requests(world: World) -> None:
    world.kill(*(world.trigger("job", index) for index in range(1000)))
    assert world.airflow.questions == [DAG_RUN]
    assert [len(request["run_ids"]) for _, request in world.stack.invocations] == [100] * 10
    assert len(set(world.stack.stopped)) == 1000


def test_a_thousand_kills_over_several_rounds_are_ten_stop_requests_too(world: World) -> None:
    triggers = [world.trigger("job", index) for index in range(1000)]

    async def scenario(loop: Any) -> None:
        for start in range(0, 1000, 400):
            for trigger in triggers[start : start + 400]:
                await trigger.on_kill()
            await asyncio.sleep(0.9)
        await asyncio.sleep(10)

    world.play(scenario)
    assert len(world.stack.invocations) == 10
    assert len(set(world.stack.stopped)) == 1000


def test_a_kill_is_answered_within_seconds(world: World) -> None:
    trigger = world.trigger("job")

    async def scenario(loop: Any) -> float:
        await trigger.on_kill()
        while not world.stack.invocations:
            await asyncio.sleep(0.1)
        return float(loop.time())

    assert world.play(scenario) < 1.2


def test_the_trigger_being_cancelled_again_loses_nothing(world: World) -> None:
    """As in each round of the triggerer until the trigger's end is noticed."""
    trigger = world.trigger("job")

    async def on_cancel() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await trigger.on_kill()
            raise

    async def scenario(loop: Any) -> None:
        task = loop.create_task(on_cancel())
        for _ in range(3):
            await asyncio.sleep(0.01)
            task.cancel()
        await asyncio.sleep(10)

    world.play(scenario)
    assert world.stack.stopped == ["run-of-job--1"]


def test_a_mapped_instance_is_not_taken_for_a_task_of_that_name(world: World) -> None:
    """Airflow calls both of them ``job_1`` in its answer."""
    world.kill(world.trigger("job", 1, state="deferred"), world.trigger("job_1", state="failed"))
    assert world.stack.stopped == ["run-of-job_1--1"]
    world.kill(world.trigger("job", 1, state="failed"), world.trigger("job_1", state="deferred"))
    assert world.stack.stopped == ["run-of-job_1--1", "run-of-job-1"]


def test_each_stack_is_asked_by_its_own_function(world: World) -> None:
    world.kill(world.trigger("one"), world.trigger("two", stop_function="other-stop-run"))
    assert {function: request["run_ids"] for function, request in world.stack.invocations} == {
        "jetbridge-stop-run": ["run-of-one--1"],
        "other-stop-run": ["run-of-two--1"],
    }


@pytest.mark.parametrize(
    "fault",
    [
        client_error("TooManyRequestsException", "Invoke"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1"),
        {"errorType": "Sandbox.Timedout", "errorMessage": "timed out"},
    ],
)
def test_a_stop_that_failed_is_asked_for_again(world: World, fault: Any) -> None:
    world.stack.answers.extend([fault, fault])
    world.kill(world.trigger("job"), seconds=30)
    assert [request["run_ids"] for _, request in world.stack.invocations] == [["run-of-job--1"]] * 3
    assert len(world.airflow.questions) == 3, "what happened to the task is asked each time"


def test_nothing_is_stopped_while_airflow_does_not_answer(world: World) -> None:
    world.airflow.faults.extend([RuntimeError("no answer")] * 3)
    world.kill(world.trigger("job"), seconds=5)
    assert world.stack.invocations == []


def test_it_is_stopped_once_airflow_answers(world: World) -> None:
    world.airflow.faults.extend([RuntimeError("no answer")] * 3)
    world.kill(world.trigger("job"), seconds=60)
    assert world.stack.stopped == ["run-of-job--1"]


def test_what_can_not_be_stopped_at_all_is_named(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.airflow.faults.extend([RuntimeError("no answer")] * 100)
    world.kill(world.trigger("job"), seconds=600)
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert errors == [
        "Killed runs may still be running (RuntimeError: no answer): "
        "run-of-job--1 (dag/manual__1/job)"
    ]


def test_a_missing_permission_is_logged_and_not_tried_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.stack.answers.append(client_error("AccessDeniedException", "Invoke"))
    world.kill(world.trigger("job"), seconds=60)
    assert len(world.stack.invocations) == 1
    assert "allow lambda:InvokeFunction on jetbridge-stop-run" in caplog.text


def test_a_trigger_of_an_earlier_version_is_let_alone(world: World) -> None:
    old = world.trigger("job").serialize()[1]
    del old["stop_function"], old["caller_key"]
    trigger = JetbridgeRunTrigger(**old)
    trigger.task_instance = world.trigger("job").task_instance
    world.kill(trigger)
    assert world.airflow.questions == []
    assert world.stack.invocations == []


class TestShutdown:
    """asyncio.run cancels every task when the triggerer ends."""

    def test_a_run_that_airflow_was_not_asked_about_is_not_stopped_but_named(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        world.kill(world.trigger("job"), seconds=0.5)
        assert world.stack.invocations == []
        assert "aren't stopped: run-of-job--1 (dag/manual__1/job)" in caplog.text

    def test_what_is_to_be_stopped_is_stopped(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With a real thread, which continues while the loop ends."""
        import threading
        from concurrent.futures import ThreadPoolExecutor

        trigger = world.trigger("job")
        begun, go_on = threading.Event(), threading.Event()
        invoke = world.stack.invoke

        def slow_invoke(**request: Any) -> Any:
            begun.set()
            assert go_on.wait(5)
            return invoke(**request)

        monkeypatch.setattr(world.stack, "invoke", slow_invoke)
        monkeypatch.setattr(kill, "QUIET_SECONDS", 0.0)
        pools = []

        def pool(*arguments: Any, **keywords: Any) -> Any:
            pools.append(ThreadPoolExecutor(*arguments, **keywords))
            return pools[-1]

        async def scenario() -> None:
            await trigger.on_kill()
            await asyncio.to_thread(begun.wait, 5)

        monkeypatch.setattr(aws, "client", world.client)
        monkeypatch.setattr(
            RuntimeTaskInstance, "get_task_states", staticmethod(world.airflow.get_task_states)
        )
        monkeypatch.setattr(kill, "ThreadPoolExecutor", pool)
        asyncio.run(scenario())
        assert world.stack.stopped == []
        go_on.set()
        for each in pools:
            each.shutdown(wait=True)
        assert world.stack.stopped == ["run-of-job--1"]


class TestBefore33:
    """Airflow only cancels the triggers, whatever the reason."""

    @pytest.fixture(autouse=True)
    def airflow_has_no_on_kill(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(BaseTrigger, "on_kill", raising=False)
        monkeypatch.setattr(poller, "ThreadPoolExecutor", virtual_time.Inline)
        monkeypatch.setattr(poller, "sync_to_async", virtual_time.in_this_thread)

    def cancel(self, world: World, *triggers: Any, seconds: float = 10.0) -> None:
        async def wait_for_event(trigger: Any) -> None:
            async for _ in trigger.run():
                raise AssertionError("nothing has ended")

        async def scenario(loop: Any) -> None:
            waiting = [asyncio.create_task(wait_for_event(trigger)) for trigger in triggers]
            await asyncio.sleep(5)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            await asyncio.sleep(seconds)

        world.play(scenario)

    def test_runs_of_killed_tasks_are_stopped_and_those_of_moved_triggers_are_not(
        self, world: World
    ) -> None:
        triggers = [world.trigger("job", number, state="failed") for number in range(150)]
        moved = [world.trigger("job", 200 + number, state="deferred") for number in range(50)]
        self.cancel(world, *triggers, *moved)
        assert sorted(world.stack.stopped) == sorted(trigger.run_id for trigger in triggers)
        assert len(world.stack.invocations) == 2
        assert len(world.airflow.questions) == 1

    def test_a_trigger_knows_its_task_where_airflow_does_not_tell_it(self, world: World) -> None:
        trigger = world.trigger("job", task_key=[*DAG_RUN, "job", -1])
        trigger.task_instance = None
        self.cancel(world, trigger)
        assert world.stack.stopped == [trigger.run_id]

    def test_what_was_resumed_by_its_outcome_is_not_stopped(self, world: World) -> None:
        trigger = world.trigger("job", state="running")

        async def scenario(loop: Any) -> None:
            task = asyncio.create_task(anext(trigger.run()))
            await asyncio.sleep(5)
            task.cancel()
            world.dynamodb.tables["outcomes"][trigger.run_id] = "{}"
            await asyncio.sleep(10)

        world.play(scenario)
        assert world.stack.invocations == []

    def test_a_wait_whose_time_is_over_is_its_workers_matter(self, world: World) -> None:
        now = time.time()
        over = world.trigger("over", state="scheduled", waits_until=now - 1)
        self.cancel(world, over, world.trigger("marked", waits_until=now + 3600))
        assert world.stack.stopped == ["run-of-marked--1"]

    @pytest.mark.parametrize("seconds", [0.0, 0.3])
    def test_a_triggerer_that_shuts_down_asks_nothing(
        self, world: World, seconds: float, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.cancel(world, world.trigger("job"), seconds=seconds)
        assert world.airflow.questions == []
        assert world.stack.invocations == []
        assert "destroyed" not in caplog.text

    def test_from_33_on_the_cancel_itself_says_nothing(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def on_kill(trigger: Any) -> None:
            """As Airflow's own, which does nothing."""

        monkeypatch.setattr(BaseTrigger, "on_kill", on_kill, raising=False)
        self.cancel(world, world.trigger("job"))
        assert world.airflow.questions == []


@given(
    tasks=st.lists(
        st.tuples(
            st.sampled_from(["deferred", "failed", "success", None, "gone"]),
            st.booleans(),
            st.floats(0, 20),
            st.integers(1, 3),
        ),
        min_size=1,
        max_size=150,
    ),
    faults=st.integers(0, 3),
)
@settings(max_examples=50, deadline=None)
def test_exactly_what_was_meant_is_stopped(tasks: Any, faults: Any) -> None:
    """Whatever is killed when and how often, with Airflow and AWS failing now and then."""
    world = World()
    world.airflow.faults.extend([RuntimeError("no answer")] * faults)
    world.stack.answers.extend([client_error("ServiceException", "Invoke")] * faults)
    triggers, meant = [], set()
    for number, (state, sealed, _, _) in enumerate(tasks):
        trigger = world.trigger("job", number, state=state)
        if state == "gone":
            del world.airflow.states[(*DAG_RUN, "job", number)]
        if sealed:
            world.dynamodb.tables["outcomes"][trigger.run_id] = "sealed"
        if state != "deferred" and not sealed:
            meant.add(trigger.run_id)
        triggers.append(trigger)

    async def one(trigger: Any, at: float, times: int) -> None:
        await asyncio.sleep(at)
        for _ in range(times):
            await trigger.on_kill()
            await asyncio.sleep(1)

    async def scenario(loop: Any) -> None:
        kills = zip(triggers, tasks, strict=True)
        await asyncio.gather(*(one(trigger, at, times) for trigger, (_, _, at, times) in kills))
        await asyncio.sleep(300)

    world.play(scenario)
    assert set(world.stack.stopped) == meant
