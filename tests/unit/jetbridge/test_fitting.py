"""Whatever comes, an outcome can be carried by Airflow and fits EventBridge and DynamoDB."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import MemoryLogs
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import DEFINITIONS, REGION, ended_run, new_run
from msgspec.structs import replace

from jetbridge.contract import (
    AirflowCaller,
    Cause,
    Death,
    Fault,
    LogStream,
    Outcome,
    State,
    carried,
    decode,
    encode,
    to_builtins,
)
from jetbridge.contract.lines import RESULT_MARKER
from jetbridge.contract.stop import StopCause
from jetbridge.outcomes.eventbridge import DETAIL_TYPE, SOURCE
from jetbridge.outcomes.finish import RESULT_BYTES, Finish
from jetbridge.outcomes.fitting import CUT, ENTRY_BYTES, fitting
from jetbridge.runs.reports import ContainerEnd, Ending
from jetbridge.runs.run import Run, Stop

ITEM_BYTES = 400 * 1024
ENVELOPE = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": DETAIL_TYPE,
    "source": SOURCE,
    "account": "111122223333",
    "time": "2026-03-01T00:00:00Z",
    "region": "ap-southeast-1",
    "resources": [],
}
MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
OUTCOME = Outcome(
    run_id="r",
    state=State.SUCCEEDED,
    cause=Cause.COMPLETED,
    fault=Fault.NOBODY,
    reason="Essential container in task exited",
    advice="Look at the log.",
    caller=AirflowCaller(dag_id="d", run_id="r", task_id="t", try_number=1, ti_id="i"),
    backend="ecs",
    region=REGION,
    finished_at=1_772_323_400.125,
)
ODD = st.text(st.characters() | st.characters(categories=["Cs"]) | st.just("\0"), max_size=40)
WORDS = ODD | st.sampled_from(["x", "é", "😀", "\0", "\x01", '"', "\ud83d"]).flatmap(
    lambda character: st.integers(1, 20_000).map(lambda times: character * times)
)
NAME = st.one_of(ODD, st.sampled_from("xé\0").map(lambda character: character * 1024))
ID = st.text(st.characters() | st.just("\ud83d"), min_size=1, max_size=20) | st.sampled_from(
    ["\0", "\x01", "😀"]
).map(lambda character: character * 1024)
NUMBER = st.integers() | st.sampled_from([2**64, -(2**63) - 1, 2**5000])


def streams(count: int, name: str = "s") -> list[LogStream]:
    return [
        LogStream(container=name, group=name * 2, stream=f"{name}{number}", region=REGION)
        for number in range(count)
    ]


def deaths(count: int, reason: str) -> list[Death]:
    return [
        Death(launch=number, cause=Cause.HOST_LOSS, reason=reason, backend_id="b", at=1.0)
        for number in range(1, count + 1)
    ]


def assert_fits(outcome: Outcome) -> None:
    detail = encode(outcome)
    assert decode(Outcome, detail) == outcome
    assert carried(to_builtins(outcome)).problems == ()
    msgspec.msgpack.encode(to_builtins(outcome))
    entry = sum(len(text.encode()) for text in (SOURCE, DETAIL_TYPE, detail))
    event = len(json.dumps(ENVELOPE)) + len(detail.encode())
    assert max(entry, event) <= ENTRY_BYTES < ITEM_BYTES
    assert fitting(outcome) == outcome


@pytest.mark.parametrize("result", [None, 7, {"rows": [1.5, "é"]}, "x" * (RESULT_BYTES - 2)])
def test_a_good_outcome_is_left_as_it_is(result: Any) -> None:
    outcome = replace(OUTCOME, result=result, last_lines=["é"] * 10, deaths=deaths(10, "x" * 900))
    assert fitting(outcome) is outcome


def test_a_hundred_long_deaths_fit_and_the_newest_stay() -> None:
    outcome = fitting(
        replace(
            OUTCOME,
            result="x" * (RESULT_BYTES - 2),
            last_lines=["y" * 2000] * 32,
            deaths=deaths(100, "é" * 4000),
        )
    )
    assert_fits(outcome)
    assert outcome.result == "x" * (RESULT_BYTES - 2)
    assert len(outcome.last_lines) == 32
    left_out = 100 - len(outcome.deaths)
    assert left_out > 0
    assert outcome.deaths[-1].launch == 100
    assert outcome.deaths[-1].reason.endswith(CUT)
    assert f"No room in the outcome for {left_out} of 100 deaths" in outcome.advice
    assert outcome.advice.startswith("Look at the log.")


def test_a_hundred_long_named_streams_fit() -> None:
    outcome = fitting(
        replace(OUTCOME, result="x" * (RESULT_BYTES - 2), log_streams=streams(100, "é" * 512))
    )
    assert_fits(outcome)
    assert 0 < len(outcome.log_streams) < 100
    assert outcome.log_streams[-1].stream.endswith("99")
    assert "of 100 log streams" in outcome.advice


def test_a_long_reason_is_cut_with_a_mark() -> None:
    outcome = fitting(replace(OUTCOME, reason="\x01" * 300_000))
    assert_fits(outcome)
    assert outcome.reason.endswith(CUT)


def test_exit_codes_go_first() -> None:
    codes = {f"{number}{'n' * 250}": number for number in range(100)}
    outcome = fitting(
        replace(OUTCOME, exit_codes=codes, result="x" * 100_000, deaths=deaths(200, "x" * 4000))
    )
    assert_fits(outcome)
    assert outcome.exit_codes == codes
    many = {str(number) * 40: number for number in range(9_000)}
    flooded = fitting(replace(OUTCOME, exit_codes=many))
    assert_fits(flooded)
    assert "of 9000 exit codes" in flooded.advice


def test_a_result_beyond_all_bounds_is_left_out_with_a_word() -> None:
    outcome = fitting(replace(OUTCOME, result="x" * 400_000))
    assert_fits(outcome)
    assert outcome.result is None
    assert "1 of 1 results" in outcome.advice


def test_a_hostile_result_becomes_text_with_advice() -> None:
    outcome = fitting(replace(OUTCOME, result={"rows": 2**64}))
    assert_fits(outcome)
    assert outcome.result == {"rows": str(2**64)}
    assert "print it as text" in outcome.advice


def test_every_text_is_cleaned_and_every_number_bounded() -> None:
    outcome = fitting(
        replace(
            OUTCOME,
            reason="\0",
            stopped_by="\ud83d",
            exit_codes={"\udc00": 2**64},
            last_lines=["\0"],
            log_streams=streams(1, "\0"),
            deaths=deaths(1, "\ud83d"),
        )
    )
    assert_fits(outcome)
    assert outcome.exit_codes == {"�": 2**64 - 1}
    assert (outcome.reason, outcome.stopped_by) == ("�", "�")


CALLERS = st.builds(
    AirflowCaller,
    dag_id=st.from_regex(r"[\w.-]{3,250}", fullmatch=True),
    run_id=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=3, max_size=250),
    task_id=st.from_regex(r"[\w.-]{3,250}", fullmatch=True),
    try_number=st.integers(0, 2**31 - 1),
    ti_id=st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True),
)
RUNS: st.SearchStrategy[tuple[Run, list[str]]] = st.builds(
    lambda caller, ending, held, stop, cluster, lines: (
        replace(
            ended_run("ecs_stopped_exit_0", deaths=held, stop=stop),
            ending=ending,
            request=replace(
                new_run("airflow_ecs").request,
                caller=caller,
                tail_lines=100,
                run_task={"cluster": cluster, "taskDefinition": "report"},
            ),
        ),
        lines,
    ),
    CALLERS,
    st.builds(
        Ending,
        code=st.sampled_from(["EssentialContainerExited", "TaskFailedToStart", ""]),
        reason=WORDS,
        containers=st.lists(
            st.builds(
                ContainerEnd,
                name=st.just("main") | NAME,
                exit_code=st.none() | NUMBER,
                reason=WORDS,
            ),
            max_size=4,
        ),
    ),
    st.lists(
        st.builds(
            Death,
            launch=st.integers(1, 50),
            cause=st.sampled_from(Cause),
            reason=WORDS,
            backend_id=st.none() | NAME,
            at=st.floats(0, 2e9),
        ),
        max_size=3,
    ).map(lambda some: some * 17),
    st.none() | st.builds(Stop, cause=st.sampled_from(StopCause), reason=WORDS, by=WORDS),
    st.just("reports") | ID,
    st.lists(WORDS | WORDS.map(lambda text: f"{RESULT_MARKER} {text}"), max_size=5)
    | st.recursive(
        NUMBER | st.floats() | WORDS,
        lambda inner: st.lists(inner) | st.dictionaries(NAME, inner),
        max_leaves=5,
    )
    .filter(lambda value: value is not None)
    .map(lambda value: [f"{RESULT_MARKER} {_printed(value)}"]),
)


def _printed(value: Any) -> str:
    try:
        return json.dumps(value)
    except ValueError:  # an integer over 4,300 digits
        return "1" * 5000


@given(RUNS)
@settings(max_examples=settings().max_examples // 3)
def test_any_outcome_that_finish_run_makes_is_carried_and_fits(
    given_: tuple[Run, list[str]],
) -> None:
    run, lines = given_
    clock, bus, outcomes = Clock(1_772_323_330.5), MemoryBus(), MemoryOutcomes()
    runs = MemoryRuns(900, clock)
    runs.create(run)
    logs, queues = MemoryLogs({MAIN: lines}), (MemoryQueue(), MemoryQueue())
    finish = Finish(runs, outcomes, logs, *queues, bus, REGION, 0, clock=clock)
    outcome = finish(run.run_id)
    assert outcome is not None
    assert DEFINITIONS["ecs"].arn == outcome.definition
    assert_fits(outcome)
    assert bus.announced == [outcome]
