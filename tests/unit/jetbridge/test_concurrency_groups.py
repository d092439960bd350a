"""Concurrency groups: never more runs under way than the limit, and no slot is lost."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.admission import admission
from jetbridge_testing.core import Core
from jetbridge_testing.memory import MemoryGroups
from jetbridge_testing.samples import new_run, request
from jetbridge_testing.steps import Crash, Steps, crash
from jetbridge_testing.tables import create_table
from msgspec.structs import replace

from jetbridge.concurrency.dynamodb import DynamoGroups
from jetbridge.concurrency.limits import limits_in
from jetbridge.contract import ContractError, StopCause
from jetbridge.queues.port import NotYet
from jetbridge.runs.port import UnreadableRow
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import (
    UNLAUNCHED,
    Run,
    Status,
    Stop,
)

LIMIT = 2
RUNS = [f"run-{number}" for number in range(6)]


@pytest.fixture(params=["memory", "dynamodb"])
def groups(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryGroups({"etl": LIMIT})
    dynamodb = request.getfixturevalue("dynamodb")
    return DynamoGroups(dynamodb, create_table(dynamodb, "RunsTable"), {"etl": LIMIT})


def test_a_slot_is_the_runs_until_it_is_freed(groups: Any) -> None:
    assert [groups.take("etl", run) for run in RUNS[:3]] == [True, True, False]
    assert groups.take("etl", RUNS[0]), "a repeated message takes no second one"
    assert groups.holders() == {"etl": set(RUNS[:2])}
    for _ in range(2):
        groups.release("etl", RUNS[0])
    assert [groups.take("etl", run) for run in RUNS[2:4]] == [True, False]
    for run in RUNS:
        groups.release("etl", run)
    assert groups.holders() == {"etl": set()}


def test_a_group_without_a_limit_holds_nobody_up(groups: Any) -> None:
    assert all(groups.take("other", run) for run in RUNS)
    groups.release("other", RUNS[0])
    assert (groups.limit("other"), groups.holders()) == (None, {"etl": set()})


Step = tuple[str, int]
STEPS = st.lists(st.tuples(st.sampled_from(["take", "free"]), st.integers(0, 5)), max_size=40)


@given(STEPS, st.integers(1, 4))
def test_the_model_holds_for_any_order_in_memory(steps: list[Step], limit: int) -> None:
    _follow(MemoryGroups({"etl": limit}), steps, limit)


def test_the_model_holds_for_any_order_on_dynamodb(dynamodb: Any) -> None:
    table = create_table(dynamodb, "RunsTable")

    @settings(max_examples=25, deadline=None)
    @given(STEPS, st.integers(1, 4))
    def check(steps: list[Step], limit: int) -> None:
        groups = DynamoGroups(dynamodb, table, {"etl": limit})
        for run in RUNS:
            groups.release("etl", run)
        _follow(groups, steps, limit)

    check()


def _follow(groups: Any, steps: list[Step], limit: int) -> None:
    held: set[str] = set()
    for what, number in steps:
        run = RUNS[number]
        if what == "free":
            groups.release("etl", run)
            held.discard(run)
            continue
        expected = run in held or len(held) < limit
        assert groups.take("etl", run) is expected
        held |= {run} if expected else set()
        assert groups.holders() == {"etl": held}
        assert len(held) <= limit


class Scene(Core):
    """Five runs of a group with two slots."""

    def __init__(self, watch: Callable[[Any], Any] = lambda port: port) -> None:
        super().__init__(watch)
        asked = request("airflow_ecs")
        self.ids = []
        for number in range(5):
            caller = replace(asked.caller, map_index=number)
            mine = replace(asked, caller=caller, concurrency_group="etl", timeout_seconds=None)
            run = new_run(request=mine)
            assert self.runs.create(run)
            self.ids.append(run.run_id)

    def row(self, number: int) -> Run:
        row = self.memory.get(self.ids[number])
        assert row is not None
        return row

    def launches_it(self, number: int) -> None:
        try:
            self.launch(self.ids[number], self.row(number).launch)
        except NotYet:
            self.clock.advance(60)

    def ends_it(self, number: int) -> None:
        row = self.row(number)
        if row.status is Status.LAUNCHED:
            self.endings.after_launch(row, Ending(code="EssentialContainerExited"))

    def stops_it(self, number: int) -> None:
        stop = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")
        self.runs.request_stop(self.ids[number], stop)
        self.launches_it(number)

    @property
    def under_way(self) -> set[str]:
        rows = [self.row(number) for number in range(5)]
        return {row.run_id for row in rows if row.status in (Status.LAUNCHING, Status.LAUNCHED)}


def test_the_third_run_waits_in_the_launch_queue_and_its_log_says_for_what() -> None:
    scene = Scene()
    began = scene.clock()
    for number in range(3):
        scene.launches_it(number)
    assert scene.under_way == set(scene.ids[:2])
    message = scene.launches.messages[-1]
    assert message == {"run_id": scene.ids[2], "launch": 1, "since": began}
    scene.clock.advance(400)
    scene.launch(**message)
    told = scene.outcomes.waiting[scene.ids[2]]
    assert (told.what, told.since) == ("concurrency_group", began)
    assert told.reason == "2 runs of concurrency group etl are in flight, which is its limit"
    assert 20 <= scene.launches.delays[-1] <= 40, "a tenth of its wait, and spread out"
    scene.ends_it(0)
    scene.launches_it(2)
    assert scene.under_way == set(scene.ids[1:3])


def test_a_relaunch_keeps_its_slot() -> None:
    scene = Scene()
    scene.launches_it(0)
    scene.endings.after_launch(scene.row(0), Ending(code="SpotInterruption"))
    assert scene.row(0).status is Status.ACCEPTED
    assert scene.groups.held["etl"] == {scene.ids[0]}


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["launches_it", "ends_it", "stops_it"]),
        st.integers(0, 4),
        st.none() | st.integers(0, 12),
    ),
    max_size=25,
)


@given(ACTIONS)
def test_no_crash_admits_too_many_or_loses_a_slot(actions: list[Any]) -> None:
    """Functions die between any two steps, and their messages come again or not."""
    steps = Steps()
    scene = Scene(steps.watch)
    for action, number, dies_after in actions:
        steps.plan = {} if dies_after is None else {len(steps.moments) + dies_after: crash}
        with suppress(Crash):
            getattr(scene, action)(number)
        assert len(scene.under_way) <= LIMIT
        assert scene.under_way <= scene.groups.held.get("etl", set())
    steps.plan = {}
    scene.audit()
    ended = {run for run in scene.ids if scene.memory.get(run).status is Status.ENDED}  # type: ignore[union-attr]
    assert not ended & scene.groups.held.get("etl", set()), "the audit frees what a crash left"
    for number in range(5):
        while scene.row(number).status is not Status.ENDED:
            scene.clock.advance(60)
            if scene.row(number).status in UNLAUNCHED:
                scene.stops_it(number)
            scene.ends_it(number)
    scene.audit()
    assert scene.groups.held.get("etl", set()) == set()


def test_the_audit_frees_the_slot_of_a_run_that_is_gone() -> None:
    scene = Scene()
    scene.launches_it(0)
    scene.groups.take("etl", "long-expired")
    assert scene.audit().freed == 1
    assert scene.groups.held["etl"] == {scene.ids[0]}


def test_a_holder_that_cant_be_read_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    scene.groups.held = {"etl": {"broken", "gone"}, "ml": {"long-expired"}}
    get = scene.memory.get
    reported: list[Any] = []

    def read(run_id: str) -> Run | None:
        if run_id == "broken":
            raise UnreadableRow(run_id, "no request")
        return get(run_id)

    monkeypatch.setattr(scene.memory, "get", read)
    audit = replace(scene.audit, report=reported.append)
    assert audit().freed == 2
    assert scene.groups.held == {"etl": {"broken"}, "ml": set()}
    assert [problem.run_id for problem in reported] == ["broken"]


def test_slots_that_there_is_no_time_for_are_left_to_the_next_audit() -> None:
    scene = Scene()
    scene.groups.held = {"etl": {"gone"}, "ml": {"long-expired"}}
    audited = scene.audit(0)
    assert (audited.freed, scene.groups.held["etl"]) == (0, {"gone"})
    assert audited.left >= 2
    assert scene.audit().freed == 2


def test_a_launch_that_loses_to_a_stop_keeps_no_slot() -> None:
    scene = Scene()
    scene.stops_it(0)
    assert scene.row(0).status is Status.ENDED
    scene.groups.take("etl", scene.ids[0])
    scene.launches_it(0)
    assert scene.groups.held["etl"] == set()


@pytest.mark.parametrize(
    ("limits", "fix"), [({"etl": 2}, "Name one of etl, or give"), ({}, "Leave it out, or give")]
)
def test_a_group_that_the_stack_does_not_know_is_refused(limits: dict[str, int], fix: str) -> None:
    asked = replace(request("airflow_ecs"), concurrency_group="elt")
    with pytest.raises(ContractError, match=f"concurrency_group.*is 'elt'.*{fix}"):
        replace_groups(limits).admit(asked)
    replace_groups({"elt": 1}).admit(asked)


def replace_groups(limits: dict[str, int]) -> Any:
    return replace(admission(), groups=limits)


def test_limits_are_read() -> None:
    assert limits_in(["etl=50", "a.b-c_d=1000"]) == {"etl": 50, "a.b-c_d": 1000}
    assert limits_in([]) == {}


@pytest.mark.parametrize("item", ["etl", "etl=0", "etl=1001", "etl=x", "=5", "e tl=5", "etl=-1"])
def test_an_invalid_limit_is_named(item: str) -> None:
    with pytest.raises(ValueError, match=r"ConcurrencyGroups: .* Give name=limit"):
        limits_in([item])


def test_a_group_has_one_limit() -> None:
    with pytest.raises(ValueError, match="etl is given twice"):
        limits_in(["etl=5", "etl=6"])
