"""Advice on sizes: Fargate's own sizes, what the advice promises, and what the command shows."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.model import StructureShape
from cli_stack import Bridge, client
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from operated import CLUSTER_TASK, NOW, airflow, outcome_of, run_of

from jetbridge.contract import Cause, Outcome, State, Usage
from jetbridge.sizing import cloudwatch
from jetbridge.sizing.advice import LEAST_RUNS, Peak, Used, Verdict, advise
from jetbridge.sizing.cloudwatch import PerformanceEvents, group_of
from jetbridge.sizing.fargate import MEMORY_MIB, Size, sizes, usd_of_hours
from jetbridge.sizing.groups import task_ids
from jetbridge_cli.aws import Aws

STOPPED = datetime(2026, 11, 23, 1, 0, 8, tzinfo=UTC).timestamp()
LARGE = Usage(
    launch_type="FARGATE", vcpu=4, memory_mib=16384, seconds=3600, architecture="x86_64", spot=False
)


def text(service: str, shape: str, member: str) -> str:
    found = botocore.session.Session().get_service_model(service).shape_for(shape)
    assert isinstance(found, StructureShape)
    return re.sub(r"<[^>]+>|,", " ", found.members[member].documentation)


def test_sizes_are_those_of_batchs_api_reference() -> None:
    said = text("batch", "ResourceRequirement", "value")
    rows = re.findall(r"value = ([\d.]+)\s+MEMORY\s+= ((?:[\d]+|or|\s)+)", said)
    found = {float(vcpu): tuple(map(int, re.findall(r"\d+", all_))) for vcpu, all_ in rows}
    assert found == MEMORY_MIB


def test_sizes_are_those_of_ecss_api_reference() -> None:
    said = text("ecs", "Task", "memory").partition("following values")[2]
    row = r"\s((?:Between )?\d[^-]*?) - Available\s+cpu\s+values: (\d+) \([^)]*\)"
    lines = re.findall(row, said)
    assert len(lines) == 7
    for memories, units in lines:
        known = MEMORY_MIB[int(units) / 1024]
        gb = [float(each) for each in re.findall(r"([\d.]+) ?GB", memories)]
        if "Between" in memories:
            least, most, step = (gb[0], gb[1], gb[2])
            assert known == tuple(int(each * 1024) for each in _steps(least, most, step))
        else:
            assert known == tuple(int(each * 1024) for each in gb)


def _steps(least: float, most: float, step: float) -> list[float]:
    return [least + step * number for number in range(int((most - least) / step) + 1)]


real_sizes = st.sampled_from(list(sizes()))
peaks = st.builds(
    Peak,
    st.floats(0, 40, allow_nan=False, allow_infinity=False),
    st.floats(0, 300_000, allow_nan=False, allow_infinity=False),
)
architectures = st.sampled_from(["x86_64", "arm64", ""])


def used(size: Size, some: list[Peak], architecture: str = "") -> list[Used]:
    return [Used(size=size, hours=0.5, architecture=architecture, peak=each) for each in some]


@given(real_sizes, st.lists(peaks, min_size=1, max_size=30), architectures)
def test_advice_has_room_for_every_run_and_is_a_size_of_fargates(
    size: Size, some: list[Peak], architecture: str
) -> None:
    advice = advise(used(size, some, architecture))
    assert advice.saved >= 0
    assert advice.saved <= advice.spent
    if advice.better is None:
        assert advice.saved == 0
        return
    assert len(some) >= LEAST_RUNS
    assert advice.better in set(sizes())
    assert advice.saved > 0
    assert usd_of_hours(advice.better, 1, architecture) < usd_of_hours(size, 1, architecture)
    assert advice.better.vcpu <= size.vcpu
    assert max(each.memory_mib for each in some) <= advice.better.memory_mib <= size.memory_mib
    assert min(max(each.vcpu for each in some), size.vcpu) <= advice.better.vcpu


@given(real_sizes, st.lists(peaks, min_size=LEAST_RUNS, max_size=20), peaks)
def test_runs_that_use_more_never_get_a_cheaper_size(
    size: Size, some: list[Peak], more: Peak
) -> None:
    def price(found: list[Peak]) -> float:
        return usd_of_hours(advise(used(size, found)).better or size, 1)

    assert price([*some, more]) >= price(some)


@given(real_sizes, st.lists(peaks, min_size=1, max_size=LEAST_RUNS - 1))
def test_few_runs_get_no_smaller_size(size: Size, some: list[Peak]) -> None:
    without_data = [Used(size=size, hours=1)] * 50
    advice = advise([*used(size, some), *without_data])
    assert advice.better is None
    assert advice.verdict in (Verdict.TOO_FEW, Verdict.TIGHT)
    assert advice.runs == len(some)


@given(real_sizes, st.lists(peaks, min_size=LEAST_RUNS, max_size=20))
def test_a_run_that_died_for_want_of_memory_counts_as_using_all_of_it(
    size: Size, some: list[Peak]
) -> None:
    runs = used(size, some)
    runs.append(Used(size=size, hours=1, out_of_memory=True))
    assert advise(runs).verdict is Verdict.TIGHT


def test_the_example_of_the_documentation() -> None:
    size = Size(4, 16384)
    advice = advise(used(size, [Peak(0.9, 3072)] * 40))
    assert advice.better == Size(2, 4096)
    assert str(advice) == (
        "3 of 16 GB and 0.90 of 4 vCPU used at most in 40 runs: 2 vCPU and 4 GB would do, "
        "and would save $2.69 of $4.66"
    )


def test_runs_of_two_sizes_are_no_group() -> None:
    with pytest.raises(ValueError, match="one size"):
        advise([*used(Size(1, 2048), [Peak(0, 0)]), *used(Size(2, 4096), [Peak(0, 0)])])


# What Container Insights has


def event(task_id: str, cpu: Any = 512.0, memory: Any = 3072, **changed: Any) -> str:
    """As AWS writes it (Amazon CloudWatch user guide, "Container Insights performance log events
    for Amazon ECS")."""
    return json.dumps(
        {
            "Version": "0",
            "Type": "Task",
            "TaskId": task_id,
            "TaskDefinitionFamily": "report",
            "TaskDefinitionRevision": "7",
            "ClusterName": "etl",
            "KnownStatus": "RUNNING",
            "LaunchType": "FARGATE",
            "CpuUtilized": cpu,
            "CpuReserved": 4096.0,
            "MemoryUtilized": memory,
            "MemoryReserved": 16384,
            **changed,
        }
    )


def put(*messages: str, cluster: str = "etl", at: float | None = None) -> None:
    logs = client("logs")
    group = group_of(cluster)
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="FargateTelemetry-1161")
    moment = int((STOPPED if at is None else at) * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName="FargateTelemetry-1161",
        logEvents=[{"timestamp": moment, "message": message} for message in messages],
    )


def test_an_ecs_task_and_the_attempts_of_a_job() -> None:
    run = run_of("one")
    outcome = outcome_of(run)
    task = CLUSTER_TASK.rpartition("/")[2]
    assert task_ids(outcome) == [task]
    assert task_ids(replace(outcome, backend_id=None)) == []
    stream = outcome.log_streams[0]
    streams = [
        replace(stream, stream=f"report/default/{each}") for each in ("a" * 32, "b" * 32, "c" * 8)
    ]
    job = replace(outcome, backend="batch", backend_id="0d4ba2ee", log_streams=streams)
    assert task_ids(job) == ["a" * 32, "b" * 32]


@pytest.mark.usefixtures("bridge")
def test_the_peak_is_the_most_of_any_minute_and_foreign_events_are_passed_by() -> None:
    task = "a" * 32
    at = STOPPED
    put(
        event(task, 100.0, 300),
        event(task, 2048.0, 200),
        event(task, 1.0, 9000, Type="Container"),
        event("b" * 32, 4000.0, 9000),
        event(task, None, 9000),
        event(task, True, 9000),
        event(task, 100, -1),
        "no JSON",
        "[]",
        '"Task"',
    )
    events = PerformanceEvents(Aws(region="eu-west-1").logs)
    found = events.peaks_of("etl", {task, "c" * 32}, at, at + 1)
    assert found.by_task == {task: Peak(2.0, 300.0)}
    assert found.note == ""


@given(st.lists(st.one_of(st.text(), st.binary().map(repr)), max_size=5))
def test_no_message_disturbs_the_reading(messages: list[str]) -> None:
    found: dict[str, Peak] = {}
    for message in messages:
        cloudwatch._take(found, {"a"}, message)
    assert found == {}


def ended(bridge: Bridge, number: int, **fields: Any) -> Outcome:
    run = run_of(f"run {number}", airflow())
    bridge.accepted(run)
    arn = CLUSTER_TASK.rpartition("/")[0] + f"/{number:032x}"
    outcome = outcome_of(run, at=number, usage=LARGE, backend_id=arn, **fields)
    bridge.sealed(outcome)
    return outcome


def test_show_and_report_advise_a_smaller_size(bridge: Bridge) -> None:
    outcomes = [ended(bridge, number) for number in range(12)]
    put(*(event(f"{number:032x}") for number in range(12)))
    shown = bridge.call("show", outcomes[3].run_id)
    assert shown.exit_code == 0, shown.output
    said = " ".join(shown.stdout.split())
    assert "3 of 16 GB and 0.50 of 4 vCPU used at most in 12 runs: 1 vCPU and 4 GB would do" in said
    sizing = bridge.json("show", outcomes[3].run_id)["sizing"]
    assert sizing["notes"] == []
    assert sizing["advice"][0]["better"] == {"vcpu": 1, "memory_mib": 4096}
    report = bridge.json("report", "--since", "2020-01-01", "--until", "2026-11-24T00:00:00Z")
    (one,) = report["sizing"]["advice"]
    assert one["group"]["who"] == "sales.report"
    assert one["advice"]["saved"] == pytest.approx(
        12 * (usd_of_hours(Size(4, 16384), 1) - usd_of_hours(Size(1, 4096), 1))
    )
    page = bridge.call(
        "report", "-", "--since", "2020-01-01", "--until", "2026-11-24T00:00:00Z"
    ).stdout
    assert "1 vCPU and 4 GB would do" in page
    period = ("--since", "2020-01-01", "--until", "2026-11-24T00:00:00Z")
    cost = bridge.json("cost", "--sizing", *period)
    assert cost["sums"] == bridge.json("cost", *period)
    (same,) = cost["sizing"]["advice"]
    assert same["better"] == {"vcpu": 1, "memory_mib": 4096}
    assert "1 vCPU and 4 GB would do" in bridge.call("cost", "--sizing", *period).stdout


def test_it_says_that_container_insights_is_off(bridge: Bridge) -> None:
    outcome = ended(bridge, 1)
    said = " ".join(bridge.call("show", outcome.run_id).stdout.split())
    assert "Container Insights is off on cluster etl" in said
    report = bridge.json("report", "--since", "2020-01-01", "--until", "2026-11-24T00:00:00Z")
    assert "Container Insights is off on cluster etl" in report["sizing"]["notes"][0]
    without = bridge.json(
        "report", "--since", "2020-01-01", "--until", "2026-11-24T00:00:00Z", "--no-sizing"
    )
    assert without["sizing"] is None


def test_a_run_without_an_event_has_no_data(bridge: Bridge) -> None:
    outcome = ended(bridge, 1)
    put(event("f" * 32))
    sizing = bridge.json("show", outcome.run_id)["sizing"]
    assert sizing["advice"][0]["verdict"] == "no data"
    assert "keeps what it has for one day" in sizing["notes"][0]


def test_runs_on_instances_and_runs_in_progress_have_no_advice(bridge: Bridge) -> None:
    run = run_of("on EC2", airflow())
    bridge.accepted(run)
    bridge.sealed(outcome_of(run, usage=replace(LARGE, launch_type="EC2")))
    assert bridge.json("show", run.run_id)["sizing"] is None
    going = run_of("going", airflow(), created_at=NOW)
    bridge.accepted(going)
    assert bridge.json("show", going.run_id)["sizing"] is None


def test_a_run_out_of_memory_is_seen_by_its_cause(bridge: Bridge) -> None:
    outcome = ended(bridge, 1, state=State.FAILED, cause=Cause.OUT_OF_MEMORY)
    put(event(f"{1:032x}"))
    sizing = bridge.json("show", outcome.run_id)["sizing"]
    assert sizing["advice"][0]["verdict"] == "tight"
