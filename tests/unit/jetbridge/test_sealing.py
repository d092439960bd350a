"""Whatever the reading of logs answers, each run is sealed, once, in bounded time."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import PagingLogsClient, client_error, log_event
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import REGION, ended_run
from jetbridge_testing.stand_ins import as_client
from msgspec import structs
from msgspec.structs import replace

from jetbridge.contract import Cause, Fault, Outcome, State
from jetbridge.contract.lines import RESULT_MARKER
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.outcomes.finish import Finish
from jetbridge.outcomes.read_tails import PATIENCE_SECONDS, RESERVE_SECONDS
from jetbridge.queues.messages import Times
from jetbridge.queues.port import NotYet
from jetbridge.runs.reports import LogName
from jetbridge.runs.run import Run

STOPPED_AT = 1_772_323_324.713
MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
PROXY = "report/proxy/478f3a4c51824ad23cb50c1c60670c0f"
HANG_SECONDS = 6
SEALED_SECONDS = 60
RESULT_WAIT = 900
INVOCATION_SECONDS = 30
MAX_RECEIVES = 100

Answer = Callable[[], Exception | None]


def _hang() -> Exception:
    return ReadTimeoutError(endpoint_url="https://logs.eu-central-1.amazonaws.com")


LATER: dict[str, Answer] = {
    "throttle": lambda: client_error("ThrottlingException", "Rate exceeded"),
    "server": lambda: client_error("InternalFailure", "try again", 500),
    "unavailable": lambda: client_error("ServiceUnavailableException", "cannot complete", 503),
    "unknown": lambda: client_error("BrandNewException", "of another year"),
    "bug": lambda: RuntimeError("no answer that anyone thought of"),
    "hang": _hang,
}
FOR_GOOD: dict[str, Answer] = {
    "infrequent": lambda: client_error("InvalidOperationException", "log class INFREQUENT_ACCESS"),
    "parameter": lambda: client_error("InvalidParameterException", "logStreamName"),
    "validation": lambda: client_error("ValidationException", "1 validation error detected"),
    "denied": lambda: client_error("AccessDeniedException", "is not authorized to perform"),
    "kms": lambda: client_error("AccessDeniedException", "ciphertext refers to a KMS key"),
}
NEVER: dict[str, Answer] = {"missing": lambda: client_error("ResourceNotFoundException", "no")}
KINDS = LATER | FOR_GOOD | NEVER
SAYS = {
    "throttle": "Rate exceeded",
    "server": "InternalFailure",
    "unavailable": "ServiceUnavailableException",
    "unknown": "BrandNewException",
    "bug": "no answer that anyone thought of",
    "hang": "Read timeout",
    "infrequent": "INFREQUENT_ACCESS",
    "parameter": "logStreamName",
    "validation": "validation error",
    "denied": "not authorized",
    "kms": "KMS key",
    "missing": "does not exist",
}


class Source:
    """``get_log_events`` that answers by the stream's name: first errors by kind, then lines."""

    def __init__(self, clock: Clock, lines: dict[str, list[str]]) -> None:
        self.clock, self.lines = clock, lines
        self.errors: dict[str, Iterator[str | None]] = {}
        self.read: list[str] = []

    def get_log_events(self, logStreamName: str, **parameters: Any) -> dict[str, Any]:
        self.clock.advance(0.05)
        kind = next(self.errors.get(logStreamName, iter(())), None)
        if kind == "hang":
            self.clock.advance(HANG_SECONDS)
        if kind is not None:
            error = KINDS[kind]()
            assert error is not None
            raise error
        self.read.append(logStreamName)
        events = [log_event(n, text) for n, text in enumerate(self.lines[logStreamName])]
        return PagingLogsClient([events]).get_log_events(**parameters)


def _for_ever(kind: str) -> Iterator[str]:
    while True:
        yield kind


class Scene:
    """One run, looked at as SQS would: again after each delay, each time in a new invocation."""

    def __init__(self, run: Run, lines: dict[str, list[str]]) -> None:
        self.clock = Clock(STOPPED_AT + 10)
        self.began = self.clock()
        self.run = run
        self.runs = MemoryRuns(900, self.clock)
        self.runs.create(run)
        self.outcomes, self.bus = MemoryOutcomes(), MemoryBus()
        self.source = Source(self.clock, lines)
        self.receives = 0
        self.finish = Finish(
            self.runs,
            self.outcomes,
            CloudWatchLogs(lambda region: as_client(self.source)),
            MemoryQueue(),
            MemoryQueue(),
            self.bus,
            REGION,
            5,
            "feed",
            self.clock,
            result_wait_seconds=RESULT_WAIT,
        )

    def _left(self, end: float) -> float:
        return end - self.clock()

    def sealed(self, within: float = SEALED_SECONDS, known: bool = True) -> Outcome:
        """``known``: whether the message says when it was sent and received."""
        times = Times(self.began - 1, self.began) if known else Times()
        for self.receives in range(1, MAX_RECEIVES):
            end = self.clock() + INVOCATION_SECONDS
            try:
                outcome = self.finish(self.run.run_id, times, partial(self._left, end))
            except NotYet as not_yet:
                assert self.outcomes.get(self.run.run_id) is None
                assert self.clock() < end, "Lambda would have ended the invocation"
                self.clock.advance(not_yet.delay_seconds)
                continue
            assert outcome is not None
            assert self.clock() < end, "Lambda would have ended the invocation"
            assert self.clock() - self.began <= within
            assert self.bus.announced == [outcome]
            assert self.outcomes.get(self.run.run_id) == outcome
            return outcome
        raise AssertionError("the message is a dead letter")


def _two(**request: object) -> Run:
    run = ended_run("ecs_two_containers")
    return replace(run, request=replace(run.request, **request))


def _essential(run: Run) -> Run:
    """Both containers count."""
    assert run.definition is not None
    sources = [replace(source, essential=True) for source in run.definition.log_sources]
    assert run.ending is not None
    ends = [replace(end, exit_code=0) for end in run.ending.containers]
    return replace(
        run,
        definition=replace(run.definition, log_sources=sources),
        ending=replace(run.ending, containers=ends),
    )


LINES = {MAIN: ["m", f"{RESULT_MARKER} 7"], PROXY: ["p"]}


@pytest.mark.parametrize("known", [True, False], ids=["with times", "without"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_can_never_be_read_is_sealed_with_the_reason(kind: str, known: bool) -> None:
    scene = Scene(_two(), LINES)
    scene.source.errors[PROXY] = _for_ever(kind)
    outcome = scene.sealed(known=known)
    assert outcome.state is State.SUCCEEDED
    assert outcome.last_lines == ["main: m", f"main: {RESULT_MARKER} 7"]
    assert outcome.unread == [PROXY]
    assert f"container proxy (log stream {PROXY} of group /ecs/report" in outcome.advice
    assert SAYS[kind] in outcome.advice
    assert outcome.result == 7, "the sidecar's log isn't needed"
    if kind in FOR_GOOD | NEVER:
        assert scene.receives == 1, "patience would change nothing"


@pytest.mark.parametrize("kind", LATER)
@pytest.mark.parametrize("stream", [MAIN, PROXY])
def test_what_can_be_read_later_is(kind: str, stream: str) -> None:
    scene = Scene(_two(), LINES)
    scene.source.errors[stream] = iter([kind])
    outcome = scene.sealed()
    assert (outcome.unread, outcome.advice) == ([], "")
    assert outcome.last_lines == ["main: m", f"main: {RESULT_MARKER} 7", "proxy: p"]
    assert scene.receives == 2


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_kinds_mixed(first: str, second: str) -> None:
    scene = Scene(_essential(_two(tail_lines=1)), LINES)
    scene.source.errors = {MAIN: _for_ever(first), PROXY: _for_ever(second)}
    outcome = scene.sealed()
    assert outcome.state is State.SUCCEEDED
    assert outcome.unread == [MAIN, PROXY]
    assert outcome.result is None
    assert SAYS[first] in outcome.advice
    assert SAYS[second] in outcome.advice


def test_a_result_behind_a_log_that_was_not_read_is_not_taken_for_the_last() -> None:
    scene = Scene(_essential(_two()), LINES)
    scene.source.errors[PROXY] = _for_ever("denied")
    outcome = scene.sealed()
    assert (outcome.result, outcome.unread) == (None, [PROXY])


@pytest.mark.parametrize("asked", ["last_line_as_result", "result_required"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_whose_task_needs_the_result_waits_and_then_fails(kind: str, asked: str) -> None:
    scene = Scene(_two(**{asked: True}), LINES)
    scene.source.errors[MAIN] = _for_ever(kind)
    outcome = scene.sealed(RESULT_WAIT)
    assert outcome.state is State.FAILED
    assert "the result could not be read" in outcome.reason
    assert SAYS[kind] in outcome.reason
    assert "its task needs the result" in outcome.advice
    assert outcome.last_lines == ["proxy: p"]
    waited = scene.clock() - scene.began
    if kind in FOR_GOOD:
        assert (outcome.cause, outcome.fault) == (Cause.MISCONFIGURATION, Fault.CONFIGURATION)
        assert scene.receives == 1
    else:
        assert (outcome.cause, outcome.fault) == (Cause.UNCLASSIFIED, Fault.PLATFORM)
        assert waited >= RESULT_WAIT - RESERVE_SECONDS


def test_an_hour_of_waiting_is_no_dead_letter() -> None:
    scene = Scene(_two(result_required=True), LINES)
    scene.finish = structs.replace(scene.finish, result_wait_seconds=3600)
    scene.source.errors[MAIN] = _for_ever("throttle")
    assert scene.sealed(3600).state is State.FAILED
    assert scene.receives < 0.8 * MAX_RECEIVES


@pytest.mark.parametrize("kind", LATER | NEVER)
@pytest.mark.parametrize("minutes", [0.5, 2, 12])
def test_a_needed_result_that_can_be_read_in_time_is_the_result(kind: str, minutes: float) -> None:
    scene = Scene(_two(result_required=True), LINES)

    def until() -> Iterator[str | None]:
        while scene.clock() < scene.began + minutes * 60:
            yield kind
        while True:
            yield None

    scene.source.errors[MAIN] = until()
    outcome = scene.sealed(RESULT_WAIT)
    assert (outcome.state, outcome.result, outcome.unread) == (State.SUCCEEDED, 7, [])


def test_a_failed_run_needs_no_result() -> None:
    run = ended_run("ecs_stopped_exit_3")
    run = replace(run, request=replace(run.request, result_required=True))
    scene = Scene(run, {MAIN: []})
    scene.source.errors[MAIN] = _for_ever("throttle")
    outcome = scene.sealed()
    assert (outcome.state, outcome.cause) == (State.FAILED, Cause.APPLICATION_EXIT)
    assert outcome.unread == [MAIN]


def test_required_and_read_there_may_be_none() -> None:
    outcome = Scene(_two(result_required=True), {MAIN: ["m"], PROXY: []}).sealed()
    assert (outcome.state, outcome.result, outcome.unread) == (State.SUCCEEDED, None, [])


def test_a_hundred_hanging_streams_fit_into_an_invocation() -> None:
    """Their outcome fits, too, and names them."""
    run = ended_run("batch_failed_two_attempts")
    assert run.ending is not None
    names = [LogName(container="default", name=f"s{n}", attempt=n) for n in range(1, 101)]
    scene = Scene(replace(run, ending=replace(run.ending, log_names=names)), {})
    scene.source.errors = {name.name: _for_ever("hang") for name in names}
    outcome = scene.sealed()
    assert len(outcome.unread) == 100
    assert "97 further log streams" in outcome.advice


def test_a_stop_that_is_no_time_is_no_reason_to_wait() -> None:
    run = ended_run("ecs_stopped_exit_0")
    assert run.ending is not None
    for stopped_at in ("", "yesterday", None, "9999-12-31T23:59:59Z"):
        scene = Scene(replace(run, ending=replace(run.ending, stopped_at=stopped_at)), {MAIN: []})
        scene.source.errors[MAIN] = _for_ever("throttle")
        assert scene.sealed(known=False).unread == [MAIN]


SEQUENCE = st.lists(st.sampled_from([None, *KINDS]), max_size=30)


@given(
    main=SEQUENCE,
    proxy=SEQUENCE,
    then=st.sampled_from([None, *KINDS]),
    needed=st.booleans(),
    seed=st.integers(0, 99),
)
def test_whatever_the_source_answers(
    main: list[str | None], proxy: list[str | None], then: str | None, needed: bool, seed: int
) -> None:
    random.seed(seed)
    scene = Scene(_essential(_two(result_required=needed)), LINES)
    answers = {MAIN: main, PROXY: proxy}

    def ordered(name: str) -> Iterator[str | None]:
        yield from answers[name]
        while True:
            yield then

    scene.source.errors = {name: ordered(name) for name in answers}
    last: list[str] = scene.source.read
    outcome = scene.sealed(RESULT_WAIT if needed else SEALED_SECONDS)
    for name in (MAIN, PROXY):
        container = name.split("/")[1]
        shown = [line for line in outcome.last_lines if line.startswith(f"{container}: ")]
        if name in outcome.unread:
            assert shown == []
            assert f"of container {container} " in outcome.advice
        else:
            assert shown == [f"{container}: {line}" for line in LINES[name]]
            assert name in last
    assert (outcome.state is State.FAILED) == (needed and bool(outcome.unread))
    assert outcome.result == (None if outcome.unread else 7)
    # What answers at the last look is in the outcome.
    if then is None and len(main) + len(proxy) <= PATIENCE_SECONDS // 20:
        assert not set(outcome.unread) or set(main + proxy) & set(FOR_GOOD | NEVER)
