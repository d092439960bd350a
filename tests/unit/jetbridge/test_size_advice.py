"""Advice on sizes: what sweep_runs writes each day, and what finish_run reads of it."""

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.cloud import Cloud, call
from jetbridge_testing.logs import MemoryLogs
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import REGION, ended_run, sample
from jetbridge_testing.tables import create_table
from msgspec import structs
from msgspec.structs import replace

from jetbridge.contract import (
    AirflowCaller,
    Cause,
    Fault,
    Outcome,
    PersonCaller,
    ScheduleCaller,
    State,
    Usage,
)
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.outcomes.finish import Finish
from jetbridge.sizing.advice import LEAST_RUNS, Peak
from jetbridge.sizing.cloudwatch import PerformanceEvents
from jetbridge.sizing.cloudwatch import group_of as log_group_of
from jetbridge.sizing.days import KEPT_DAYS, Day, advice_on_days, kept, read_days, stored
from jetbridge.sizing.dynamodb import DynamoSizes, SizeAdvice
from jetbridge.sizing.groups import Group, group_of
from jetbridge.sizing.port import Peaks, Unknown
from jetbridge.sizing.survey import Survey, Surveyed
from jetbridge.wiring import finish_run as finish_wiring

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
DAY = 24 * 3600
LARGE = Usage(
    launch_type="FARGATE", vcpu=4, memory_mib=16384, seconds=3600, architecture="x86_64", spot=False
)
CALLER = AirflowCaller(
    dag_id="sales",
    run_id="scheduled__2026-11-23T00:00:00+00:00",
    task_id="report",
    try_number=1,
    ti_id="019ab0c5-5f0f-7e0c-8a34-5d6e1c2b3a49",
)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def outcome_of(number: int, at: float = NOON, **fields: Any) -> Outcome:
    known: dict[str, Any] = {
        "run_id": f"{number:020d}".translate(str.maketrans("0123456789", "abcdefghij")),
        "state": State.SUCCEEDED,
        "cause": Cause.COMPLETED,
        "fault": Fault.NOBODY,
        "reason": "",
        "advice": "",
        "caller": CALLER,
        "backend": "ecs",
        "region": REGION,
        "finished_at": at + 5,
        "backend_id": f"arn:aws:ecs:eu-central-1:123456789012:task/etl/{number:032x}",
        "cluster": "etl",
        "definition": "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7",
        "started_at": iso(at - 600),
        "stopped_at": iso(at),
        "usage": LARGE,
    }
    return Outcome(**known | fields)


GROUP = group_of(outcome_of(1))
assert GROUP is not None
KEY = GROUP.key


class MemoryInsights:
    """Peaks by task id; ``calls`` are the clusters that were asked."""

    def __init__(self, peaks: dict[str, Peak], note: str = "", **fields: Any) -> None:
        self.peaks, self.note, self.fields = peaks, note, fields
        self.calls: list[str] = []

    def peaks_of(
        self, cluster: str, task_ids: Collection[str], since: float, until: float
    ) -> Peaks:
        self.calls.append(cluster)
        found = {task: peak for task, peak in self.peaks.items() if task in task_ids}
        return Peaks(by_task=found, note=self.note, **self.fields)


class MemoryPlaces:
    def of(self, outcome: Outcome) -> list[str]:
        if outcome.cluster is None:
            raise Unknown("which cluster it was isn't known")
        return [outcome.cluster]


class Scene:
    """A survey on DynamoDB's table, and finish_run's read."""

    def __init__(self, dynamodb: Any, insights: Any = None) -> None:
        self.dynamodb = dynamodb
        self.table = create_table(dynamodb, "OutcomesTable")
        self.outcomes = DynamoOutcomes(dynamodb, self.table)
        self.clock = Clock(NOON + DAY)
        self.notes: list[str] = []
        used = {f"{number:032x}": Peak(0.5, 3072) for number in range(100)}
        self.insights = insights or MemoryInsights(used)
        self.sizes = DynamoSizes(dynamodb, self.table, self.clock, lambda _: None)
        self.survey = Survey(
            self.sizes, MemoryPlaces(), self.insights, self.notes.append, self.clock
        )

    def seal(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.outcomes.seal(outcome)

    def advice(self, clock: Clock | None = None) -> SizeAdvice:
        return SizeAdvice(self.dynamodb, self.table, self.notes.append, clock or Clock())


@pytest.fixture
def scene(dynamodb: Any) -> Scene:
    return Scene(dynamodb)


def left() -> float:
    return 30.0


def test_a_days_runs_become_advice(scene: Scene) -> None:
    scene.seal(*(outcome_of(number) for number in range(LEAST_RUNS)))
    assert scene.survey(None, left) == Surveyed(groups=1, advised=1)
    said = scene.advice()(KEY)
    assert said.startswith(
        "3 of 16 GB and 0.50 of 4 vCPU used at most in 10 runs: 1 vCPU and 4 GB would do, and "
    )
    item = scene.dynamodb.get_item(TableName=scene.table, Key={"run_id": {"S": KEY}})["Item"]
    assert not {"feed", "finished_at", "outcome"} & item.keys(), "it would be in the feed"
    assert int(item["expires_at"]["N"]) == NOON + DAY + (KEPT_DAYS + 1) * DAY
    assert sum(len(value) for value in map(str, item.values())) < 1024


def test_ten_days_with_one_run_each_are_enough_and_a_repeated_day_counts_once(
    scene: Scene,
) -> None:
    """Container Insights keeps its events for one day by default."""
    for number in range(LEAST_RUNS):
        at = NOON - number * DAY
        scene.seal(outcome_of(number, at))
        for _ in range(2):
            scene.survey(f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}", left)
        expected = "would do" if number == LEAST_RUNS - 1 else ""
        assert expected in scene.advice()(KEY)
        assert bool(expected) == bool(scene.advice()(KEY))


def test_only_that_days_runs_are_looked_at(scene: Scene) -> None:
    scene.seal(*(outcome_of(number, NOON - DAY) for number in range(LEAST_RUNS)))
    assert scene.survey("2026-11-23", left) == Surveyed()
    assert scene.survey("2026-11-22", left) == Surveyed(groups=1, advised=1)
    with pytest.raises(ValueError, match="yesterday"):
        scene.survey("yesterday", left)


def test_groups_are_kept_apart_and_runs_on_instances_are_left_out(scene: Scene) -> None:
    scene.seal(
        outcome_of(1),
        outcome_of(2, usage=replace(LARGE, memory_mib=8192)),
        outcome_of(3, usage=replace(LARGE, launch_type="EC2")),
        outcome_of(4, usage=None),
        outcome_of(5, caller=PersonCaller("ada")),
        outcome_of(6, cluster=None),
    )
    assert scene.survey(None, left).groups == 3
    assert scene.notes == ["which cluster it was isn't known"]


def test_a_run_out_of_memory_makes_it_tight(scene: Scene) -> None:
    scene.seal(outcome_of(1, state=State.FAILED, cause=Cause.OUT_OF_MEMORY))
    scene.survey(None, left)
    assert "more would be safer" in scene.advice()(KEY)


def test_without_data_nothing_is_written(dynamodb: Any) -> None:
    scene = Scene(dynamodb, MemoryInsights({}, "Container Insights is off"))
    scene.seal(outcome_of(1))
    assert scene.survey(None, left) == Surveyed()
    assert scene.notes == ["Container Insights is off"]
    assert scene.advice()(KEY) == ""


def test_tasks_whose_events_were_not_all_read_have_no_data(dynamodb: Any) -> None:
    """A cut reading would make a peak, and so the advice, too small."""
    peaks = {f"{number:032x}": Peak(0.5, 3072) for number in range(2)}
    scene = Scene(dynamodb, MemoryInsights(peaks, "cut", read_until=NOON + 60))
    scene.seal(outcome_of(0, NOON - 600), outcome_of(1, NOON))
    scene.survey(None, left)
    days = read_days(scene.sizes.days([KEY])[KEY])
    assert [day.runs for day in days.values()] == [1]


def test_a_survey_ends_when_its_time_is_over(scene: Scene) -> None:
    scene.seal(outcome_of(1), outcome_of(2, caller=PersonCaller("ada")))
    times = iter([1.0, 0.0])
    assert scene.survey(None, lambda: next(times)) == Surveyed(groups=1, left=1)


def test_two_surveys_at_once_lose_no_day(scene: Scene) -> None:
    """The second to write fails, and Lambda repeats it."""
    scene.sizes.keep(KEY, "{}", "", None)
    failure = scene.dynamodb.exceptions.ConditionalCheckFailedException
    with pytest.raises(failure):
        scene.sizes.keep(KEY, "{}", "", None)
    with pytest.raises(failure):
        scene.sizes.keep(KEY, "{}", "", "another")
    scene.sizes.keep(KEY, stored({"2026-11-23": Day(1, 1.0, 0.1, 1)}), "", "{}")


def test_keys_that_dynamodb_leaves_out_are_asked_for_again(scene: Scene) -> None:
    real = scene.dynamodb.batch_get_item
    answers: list[Any] = []

    class Throttled:
        def __getattr__(self, name: str) -> Any:
            return getattr(scene.dynamodb, name)

        def batch_get_item(self, RequestItems: Any) -> Any:
            answers.append(RequestItems)
            if len(answers) == 1:
                return {"Responses": {}, "UnprocessedKeys": RequestItems}
            return real(RequestItems=RequestItems)

    scene.sizes.keep(KEY, "{}", "", None)
    sizes: Any = DynamoSizes(Throttled(), scene.table, scene.clock, lambda _: None)  # type: ignore[arg-type]
    assert sizes.days([KEY]) == {KEY: "{}"}
    assert len(answers) == 2


def test_keys_that_dynamodb_always_leaves_out_are_an_error(scene: Scene) -> None:
    class Throttled:
        def batch_get_item(self, RequestItems: Any) -> Any:
            return {"Responses": {}, "UnprocessedKeys": RequestItems}

    sizes: Any = DynamoSizes(Throttled(), scene.table, scene.clock, lambda _: None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="left out all keys 8 times in a row"):
        sizes.days([KEY])


def test_an_unreadable_outcome_is_left_out(scene: Scene) -> None:
    scene.seal(outcome_of(1))
    scene.dynamodb.update_item(
        TableName=scene.table,
        Key={"run_id": {"S": outcome_of(1).run_id}},
        UpdateExpression="SET outcome = :o",
        ExpressionAttributeValues={":o": {"S": "{"}},
    )
    assert scene.survey(None, left) == Surveyed()


# Days

figures = st.builds(
    Day,
    st.integers(0, 50),
    st.floats(0, 1000, allow_nan=False),
    st.floats(0, 40, allow_nan=False),
    st.floats(0, 300_000, allow_nan=False),
)
names = st.dates().map(str)


@given(st.dictionaries(names, figures, max_size=30), names, figures)
def test_the_newest_days_are_kept_and_read_as_written(
    known: dict[str, Day], day: str, new: Day
) -> None:
    after = kept(known, day, new)
    assert len(after) <= KEPT_DAYS
    assert list(after) == sorted(after)
    assert sorted({*known, day})[-KEPT_DAYS:] == list(after)
    assert after.get(day, new) == new
    assert read_days(stored(after)) == after
    assert kept(after, max(after), after[max(after)]) == after
    assert GROUP is not None
    said = advice_on_days(GROUP, after)
    runs = sum(each.runs for each in after.values())
    assert "would do" not in said or runs >= LEAST_RUNS


@given(st.one_of(st.none(), st.text(), st.binary().map(repr)))
def test_days_that_cannot_be_read_are_none(text: str | None) -> None:
    assert read_days(text) == {}


@given(st.text(), st.text(), st.text(), st.text())
def test_each_group_has_its_own_key(who: str, other: str, definition: str, another: str) -> None:
    assert GROUP is not None
    one = Group(who, definition, GROUP.size, "")
    two = Group(other, another, GROUP.size, "")
    assert (one.key == two.key) == (one == two)


def test_the_tries_and_mapped_instances_of_a_task_are_one_group() -> None:
    again = outcome_of(1, caller=replace(CALLER, try_number=2, map_index=3))
    assert group_of(again) == GROUP
    nightly = ScheduleCaller(
        schedule_arn="arn:aws:scheduler:eu-west-1:123456789012:schedule/default/nightly",
        scheduled_time="2026-11-23T00:00:00Z",
    )
    scheduled = group_of(outcome_of(1, caller=nightly))
    assert scheduled is not None
    assert scheduled.who == "schedule nightly"


# Reading


class Table:
    """Answers GetItem; ``errors`` are raised first."""

    def __init__(self, advice: str = "", *errors: Exception) -> None:
        self.advice, self.errors, self.reads = advice, list(errors), 0

    def get_item(self, **_: Any) -> Any:
        self.reads += 1
        if self.errors:
            raise self.errors.pop(0)
        return {"Item": {"advice": {"S": self.advice}}} if self.advice else {}


def reader(table: Table, clock: Clock) -> tuple[SizeAdvice, list[str]]:
    notes: list[str] = []
    client: Any = table
    return SizeAdvice(client, "outcomes", notes.append, clock), notes


@pytest.mark.parametrize("advice", ["smaller", ""])
def test_it_is_read_once_an_hour(advice: str) -> None:
    table, clock = Table(advice), Clock(100)
    read, notes = reader(table, clock)
    for _ in range(3):
        assert read(KEY) == advice
    assert table.reads == 1
    clock.advance(SizeAdvice.KEPT_SECONDS)
    read(KEY)
    assert table.reads == 2
    read("size-of-another")
    assert table.reads == 3
    assert notes == []


def test_a_table_that_does_not_answer_is_not_asked_for_a_minute() -> None:
    table, clock = Table("smaller", TimeoutError("no answer")), Clock(100)
    read, notes = reader(table, clock)
    assert [read(KEY), read("size-of-another")] == ["", ""]
    assert (table.reads, len(notes)) == (1, 1)
    clock.advance(SizeAdvice.AFTER_ERROR_SECONDS)
    assert read(KEY) == "smaller"


def test_what_is_known_stays_while_the_table_does_not_answer() -> None:
    table, clock = Table("smaller"), Clock(100)
    read, _ = reader(table, clock)
    read(KEY)
    table.errors.append(TimeoutError("no answer"))
    clock.advance(SizeAdvice.KEPT_SECONDS)
    assert read(KEY) == "smaller"


def test_it_remembers_a_limited_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SizeAdvice, "MOST", 3)
    read, _ = reader(Table("x"), Clock(100))
    for number in range(10):
        read(str(number))
    assert len(read._known) <= 3


# The functions


def finish_of(outcome_size: Any) -> Outcome:
    run = ended_run("ecs_stopped_exit_3")
    assert run.ending is not None
    run = replace(run, ending=replace(run.ending, usage=LARGE))
    clock = Clock(NOON + 10 * DAY)
    runs = MemoryRuns(900, clock)
    runs.create(run)
    finish = Finish(
        runs,
        MemoryOutcomes(),
        MemoryLogs({}),
        MemoryQueue(),
        MemoryQueue(),
        MemoryBus(),
        REGION,
        0,
        clock=clock,
    )
    finish = structs.replace(finish, advise_on_size=outcome_size)
    outcome = finish(run.run_id)
    assert outcome is not None
    return outcome


def test_the_outcome_has_the_advice_on_its_group() -> None:
    asked: list[Group | None] = []

    def advise(outcome: Outcome) -> str:
        asked.append(group_of(outcome))
        return "4 GB would do"

    assert finish_of(advise).size_advice == "4 GB would do"
    assert [group.definition for group in asked if group] == ["report"]
    assert finish_of(None).size_advice == ""


@pytest.fixture
def cloud(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    from jetbridge_testing.cloud import serving

    finish_wiring._size_advice.cache_clear()
    yield from serving(monkeypatch)
    finish_wiring._size_advice.cache_clear()


def test_where_it_is_off_finish_run_reads_nothing(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert finish_wiring.finish().advise_on_size is None
    monkeypatch.setenv("JETBRIDGE_SIZE_ADVICE", "on")
    from jetbridge.wiring import parts

    parts.settings.cache_clear()
    assert finish_wiring.finish().advise_on_size is not None


def test_sweep_runs_surveys_yesterday(cloud: Cloud) -> None:
    yesterday = datetime.now(UTC).replace(hour=0, minute=0).timestamp() - DAY / 2
    logs = boto3.client("logs")
    name = log_group_of("etl")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="FargateTelemetry-1")
    for number in range(LEAST_RUNS):
        cloud.outcomes.seal(outcome_of(number, yesterday))
        event: dict[str, Any] = {"Type": "Task", "TaskId": f"{number:032x}"}
        event |= {"CpuUtilized": 512.0, "MemoryUtilized": 3072}
        logs.put_log_events(
            logGroupName=name,
            logStreamName="FargateTelemetry-1",
            logEvents=[{"timestamp": int(yesterday - 60) * 1000, "message": json.dumps(event)}],
        )
    answer = call("sweep_runs", sample("sweep_runs/sizes"))
    assert answer == {"groups": 1, "advised": 1, "left": 0}
    assert PerformanceEvents(logs, most_pages=0).peaks_of(
        "etl", {"0" * 32}, yesterday - 600, yesterday
    ) == Peaks(
        note="the log group /aws/ecs/containerinsights/etl/performance has too many pages of this "
        "time: the rest was not read, so ask for a shorter time",
        read_until=yesterday - 600,
    )
