"""finish_run: the last lines, the result, one outcome, delivered whatever breaks."""

import json

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.copying import MemoryJobs
from jetbridge_testing.logs import MemoryLogs
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import (
    DEFINITIONS,
    REGION,
    ended_run,
    launched_run,
    new_run,
    watcher,
)
from jetbridge_testing.steps import Crash, Steps, crash
from jetbridge_testing.template import resources
from msgspec import structs
from msgspec.structs import replace

from jetbridge.contract import (
    Cause,
    Death,
    Outcome,
    S3LogTarget,
    State,
    StopCause,
    TriggerDagRun,
    Way,
    decode,
    encode,
)
from jetbridge.contract.lines import LINE_CHARACTERS, RESULT_MARKER
from jetbridge.failures import POLICY_VERSION
from jetbridge.logs.parts import plans
from jetbridge.logs.port import Busy
from jetbridge.logs.whereabouts import whereabouts
from jetbridge.outcomes.finish import BUSY_SECONDS, CLOCKS_DIFFER_SECONDS, SETTLE_LOOKS, Finish
from jetbridge.outcomes.port import Outcomes
from jetbridge.queues.copies import CopyMessage
from jetbridge.queues.port import NotYet
from jetbridge.runs.reports import ContainerEnd, Ending
from jetbridge.runs.run import (
    Attachment,
    Definition,
    LogSource,
    Run,
    Status,
    Stop,
)
from jetbridge.secrets.forms import MASK

STOPPED_AT = 1_772_323_324.713
MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
PROXY = "report/proxy/478f3a4c51824ad23cb50c1c60670c0f"


class Scene:
    def __init__(
        self,
        run: Run,
        streams: dict[str, list[str]] | None = None,
        steps: Steps | None = None,
        outcomes: Outcomes | None = None,
        stacks: Way = "feed",
    ) -> None:
        steps = steps or Steps()
        self.clock = Clock(STOPPED_AT + 1)
        self.runs = MemoryRuns(900, self.clock)
        self.runs.create(run)
        self.run = run
        self.outcomes = outcomes or MemoryOutcomes()
        self.logs = MemoryLogs(streams or {})
        self.notices, self.copies, self.bus = MemoryQueue(), MemoryQueue(), MemoryBus()
        self.finish = Finish(
            steps.watch(self.runs),
            steps.watch(self.outcomes),
            steps.watch(self.logs),
            steps.watch(self.notices),
            steps.watch(self.copies),
            steps.watch(self.bus),
            REGION,
            5,
            stacks,
            self.clock,
        )

    def settled(self) -> Outcome:
        """Finish with every line that will ever come."""
        self.clock.advance(10)
        outcome = self.finish(self.run.run_id)
        assert outcome is not None
        return outcome


def _with(run: Run, **request: object) -> Run:
    return replace(run, request=replace(run.request, **request))


def test_the_outcome_names_failed_children() -> None:
    run = ended_run("batch_array_parent_failed")
    run = _with(run, submit_job=run.request.parameters | {"arrayProperties": {"size": 5}})
    attempt = {"container": {"exitCode": 3}}
    jobs = MemoryJobs({f"{run.backend_id}:3": {"status": "FAILED", "attempts": [attempt]}})
    scene = Scene(run)
    scene.finish = structs.replace(scene.finish, jobs=jobs)
    outcome = scene.settled()
    assert outcome.exit_codes == {"child-0003": 3}
    assert outcome.reason == "Array Child Job failed; 1 of 5 failed: child-0003: exit code 3"


def test_what_aws_adds_stands_neither_in_exit_codes_nor_in_the_reason() -> None:
    run = ended_run("ecs_stopped_exit_3")
    assert run.ending is not None
    agent = ContainerEnd(name="aws-guardduty-agent-k3x9", exit_code=137, reason="OutOfMemoryError")
    ending = replace(run.ending, containers=[*run.ending.containers, agent])
    outcome = Scene(replace(run, ending=ending), {MAIN: ["one"]}).settled()
    assert (outcome.exit_codes, outcome.cause) == ({"main": 3}, Cause.APPLICATION_EXIT)
    assert "guardduty" not in outcome.reason


def test_the_named_container_decides() -> None:
    run = _with(ended_run("ecs_stopped_exit_3"), deciding_container="proxy")
    assert run.ending is not None
    proxy = ContainerEnd(name="proxy", exit_code=0)
    ending = replace(run.ending, containers=[*run.ending.containers, proxy])
    outcome = Scene(replace(run, ending=ending), {MAIN: ["one"]}).settled()
    assert (outcome.state, outcome.deciding) == (State.SUCCEEDED, ["proxy"])
    assert outcome.exit_codes == {"main": 3, "proxy": 0}


@pytest.mark.parametrize("named", ["prod", "medallion"])
def test_a_name_that_the_definition_has_not_names_no_container(named: str) -> None:
    """As the second half of ``awslogs_stream_prefix`` may be: the essential one counts."""
    asked = {"last_line_as_result": True, "result_container": named}
    outcome = Scene(_with(ended_run("ecs_stopped_exit_0"), **asked), {MAIN: ["500"]}).settled()
    assert outcome.result == "500"


def test_outcome_of_an_ecs_run() -> None:
    run = ended_run("ecs_stopped_exit_3")
    outcome = Scene(run, {MAIN: ["one", "two"]}).settled()
    assert (outcome.state, outcome.cause) == (State.FAILED, Cause.APPLICATION_EXIT)
    assert outcome.caller == run.request.caller
    assert (outcome.backend, outcome.cluster, outcome.job_queue) == ("ecs", "reports", None)
    assert outcome.backend_id == run.backend_id
    assert outcome.definition == DEFINITIONS["ecs"].arn
    assert outcome.exit_codes == {"main": 3}
    assert outcome.reason == "Essential container in task exited"
    assert outcome.last_lines == ["one", "two"]
    assert [stream.stream for stream in outcome.log_streams] == [MAIN]
    assert outcome.started_at == "2026-03-01T00:00:29.114Z"
    assert outcome.stopped_at == "2026-03-01T00:02:04.713Z"
    assert outcome.finished_at == STOPPED_AT + 11


def test_outcome_of_a_batch_run() -> None:
    run = ended_run("batch_failed_two_attempts")
    assert run.ending is not None
    first, second = (log.name for log in run.ending.log_names)
    scene = Scene(run, {first: ["try 1", f"{RESULT_MARKER} 1"], second: [f"{RESULT_MARKER} 2"]})
    outcome = scene.settled()
    assert (outcome.backend, outcome.cluster, outcome.job_queue) == ("batch", None, "loads")
    assert outcome.exit_codes == {"default": 3}
    assert [stream.attempt for stream in outcome.log_streams] == [1, 2]
    assert outcome.result == 2


@pytest.mark.parametrize(
    ("ours", "definitions", "state"),
    [
        (600, None, State.STOPPED),
        (600, 900, State.STOPPED),
        (21_600, 600, State.FAILED),
        (None, 600, State.FAILED),
    ],
)
def test_a_job_that_batch_ends_at_the_runs_limit_was_stopped(
    ours: int | None, definitions: int | None, state: State
) -> None:
    """Batch's words are those of the recorded event batch_failed_timeout.json."""
    run = ended_run("batch_failed_two_attempts")
    assert run.ending is not None
    job = {key: value for key, value in run.request.parameters.items() if key != "timeout"}
    reason = "Job attempt duration exceeded timeout"
    ended = replace(run.ending, reason=reason, containers=[], log_names=[])
    definition = replace(DEFINITIONS["batch"], timeout_seconds=definitions)
    run = _with(run, submit_job=job, timeout_seconds=ours)
    outcome = Scene(replace(run, ending=ended, definition=definition)).settled()
    assert (outcome.state, outcome.cause) == (state, Cause.TIMEOUT)


def test_the_outcome_names_the_containers_that_decide() -> None:
    run = ended_run("ecs_stopped_exit_3")
    assert run.ending is not None
    both = [ContainerEnd(name="main", exit_code=99), ContainerEnd(name="proxy", exit_code=143)]
    outcome = Scene(replace(run, ending=replace(run.ending, containers=both))).settled()
    assert outcome.exit_codes == {"main": 99, "proxy": 143}
    assert outcome.deciding == ["main"]
    alone = Scene(replace(run, ending=replace(run.ending, containers=both[:1]))).settled()
    assert alone.deciding == [], "all decide"


def test_delivery() -> None:
    scene = Scene(ended_run("ecs_stopped_exit_0"), {MAIN: ["x"]})
    outcome = scene.settled()
    assert scene.outcomes.get(scene.run.run_id) == outcome
    assert scene.bus.announced == [outcome]
    [message] = scene.copies.messages
    asked = decode(CopyMessage, message)
    assert (asked.run_id, asked.fresh) == (scene.run.run_id, True)
    [plan] = plans(scene.run, whereabouts(scene.run, REGION, {}))
    assert [asked.part] == plan.parts
    row = scene.runs.get(scene.run.run_id)
    assert row is not None
    assert row.finished
    assert list(scene.runs.due(1e12)) == []


@pytest.mark.parametrize(
    "case", ["two containers", "launched twice", "array", "two tries", "live logs"]
)
def test_a_log_of_more_than_one_part_is_taken_apart_by_copy_logs(case: str) -> None:
    run = ended_run("ecs_stopped_exit_0")
    match case:
        case "two containers":
            run = ended_run("ecs_two_containers")
        case "launched twice":
            death = Death(
                launch=1, cause=Cause.SPOT_INTERRUPTION, reason="Spot", backend_id="a", at=1.0
            )
            run = replace(run, launch=2, deaths=[death])
        case "array":
            run = ended_run("batch_array_parent_failed")
        case "two tries":
            assert isinstance(run.request.log_target, S3LogTarget)
            other = replace(run.request.log_target, key_prefix="airflow/attempt=2.log")
            later = Attachment(caller=run.request.caller, log_target=other)
            run = replace(run, attachments=[later])
    scene = Scene(run, {MAIN: ["x"]})
    finish = structs.replace(scene.finish, live=case == "live logs")
    scene.clock.advance(3600)
    finish(run.run_id)
    assert scene.copies.messages == [{"run_id": run.run_id}]


def test_without_a_log_target_nothing_is_copied() -> None:
    scene = Scene(_with(ended_run("ecs_stopped_exit_0"), log_target=None), {MAIN: ["x"]})
    scene.settled()
    assert scene.copies.messages == []


@pytest.mark.parametrize(
    ("stacks", "asked", "told"),
    [
        ("feed", None, False),
        ("feed", "push", True),
        ("push", None, True),
        ("push", "feed", False),
        ("rest", None, True),
    ],
)
def test_push_and_rest_notify_the_waiting_task(stacks: Way, asked: Way | None, told: bool) -> None:
    run = _with(ended_run("ecs_stopped_exit_0"), finish=asked, airflow="production")
    scene = Scene(run, {MAIN: ["x"]}, stacks=stacks)
    scene.settled()
    message = {"run_id": run.run_id, "airflow": "production"}
    assert scene.notices.messages == ([message] if told else [])
    assert scene.notices.groups == (["production"] if told else [])


def test_each_thing_that_a_runs_end_begins_is_a_notice_of_its_own() -> None:
    entries = [TriggerDagRun(dag_id="a"), TriggerDagRun(dag_id="b", airflow="other")]
    caller = new_run("person").request.caller
    run = _with(ended_run("ecs_stopped_exit_0"), caller=caller, on_finish=entries)
    scene = Scene(run, {MAIN: ["x"]}, stacks="push")
    scene.settled()
    assert scene.notices.messages == [
        {"run_id": run.run_id, "airflow": "default", "on_finish": 0},
        {"run_id": run.run_id, "airflow": "other", "on_finish": 1},
    ]
    assert scene.notices.groups == ["default", "other"]


@pytest.mark.parametrize(("stacks", "own"), [("feed", 0), ("push", 1)])
def test_each_watcher_is_notified_besides_the_task_that_started_the_run(
    stacks: Way, own: int
) -> None:
    watchers = [watcher("a"), watcher("b", airflow="other")]
    run = ended_run("ecs_stopped_exit_0", watchers=watchers)
    scene = Scene(run, {MAIN: ["x"]}, stacks=stacks)
    scene.settled()
    first = {"run_id": run.run_id, "airflow": "default"}
    assert scene.notices.messages == [
        *[first] * own,
        first | {"watcher": 0},
        first | {"airflow": "other", "watcher": 1},
    ]
    assert scene.notices.groups == ["default"] * own + ["default", "other"]


@pytest.mark.parametrize("run", [new_run(), launched_run()], ids=["accepted", "launched"])
def test_run_that_has_not_ended_has_no_outcome(run: Run) -> None:
    scene = Scene(run)
    assert scene.finish(run.run_id) is None
    assert scene.finish("unknown") is None
    assert scene.outcomes.get(run.run_id) is None
    assert scene.bus.announced == []


@pytest.mark.parametrize("streams", [{}, {MAIN: []}], ids=["no stream", "no lines"])
def test_waits_for_lines_and_then_settles(streams: dict[str, list[str]]) -> None:
    scene = Scene(ended_run("ecs_stopped_exit_0"), streams)
    waits = 0
    while True:
        try:
            outcome = scene.finish(scene.run.run_id)
            break
        except NotYet as not_yet:
            assert scene.outcomes.get(scene.run.run_id) is None
            assert scene.bus.announced == []
            waits += 1
            scene.clock.advance(not_yet.delay_seconds)
    assert outcome is not None
    assert (outcome.state, outcome.last_lines) == (State.SUCCEEDED, [])
    assert waits == 4
    assert scene.clock() >= STOPPED_AT + 5


MAX_RECEIVES = resources("AWS::SQS::Queue")["FinishQueue"]["Properties"]["RedrivePolicy"][
    "maxReceiveCount"
]


@pytest.mark.parametrize("settle_seconds", [0, 1, 2, 5, 7, 13, 30, 60])
@pytest.mark.parametrize("behind", [-3600, -5, 0, 3600])
def test_settling_is_bounded_and_never_leads_to_the_dead_letters(
    settle_seconds: int, behind: float
) -> None:
    """``behind``: how far this clock is behind that of ECS."""
    scene = Scene(ended_run("ecs_stopped_exit_0"))
    began = STOPPED_AT - behind
    scene.clock.now = began
    finish = structs.replace(scene.finish, settle_seconds=settle_seconds)
    receives = 0
    while True:
        receives += 1
        try:
            assert finish(scene.run.run_id) is not None
            break
        except NotYet as not_yet:
            scene.clock.advance(not_yet.delay_seconds)
    assert receives < MAX_RECEIVES
    longest = settle_seconds + max(0, min(behind, CLOCKS_DIFFER_SECONDS))
    assert scene.clock() - began <= longest + max(1, settle_seconds / SETTLE_LOOKS)


def _without_logs(run: Run) -> Run:
    sources = [LogSource(container="main", driver="splunk")]
    return replace(run, definition=Definition(arn=DEFINITIONS["ecs"].arn, log_sources=sources))


@pytest.mark.parametrize(
    "run",
    [
        _without_logs(ended_run("ecs_stopped_exit_0")),
        replace(ended_run("ecs_stopped_exit_0"), definition=None),
        ended_run("ecs_cannot_pull_container"),
        ended_run("ecs_capacity_unavailable"),
        ended_run("batch_array_parent_failed"),
        ended_run("batch_cannot_start"),
        new_run(status=Status.ENDED, ending=Ending(code="Lost")),
    ],
    ids=["splunk", "no definition", "no image", "no capacity", "array", "no start", "lost"],
)
def test_finish_run_does_not_wait_where_no_line_can_come(run: Run) -> None:
    scene = Scene(run)
    scene.clock.now = STOPPED_AT
    assert scene.finish(run.run_id) is not None
    assert scene.clock() == STOPPED_AT


def test_lines_that_come_late_are_in_the_outcome() -> None:
    scene = Scene(ended_run("ecs_stopped_exit_0"))
    with pytest.raises(NotYet):
        scene.finish(scene.run.run_id)
    scene.logs.streams[MAIN] = [f"{RESULT_MARKER} 7"]
    outcome = scene.finish(scene.run.run_id)
    assert outcome is not None
    assert outcome.result == 7


def test_waits_for_the_lines_of_each_container() -> None:
    scene = Scene(ended_run("ecs_two_containers"), {MAIN: ["x"]})
    with pytest.raises(NotYet):
        scene.finish(scene.run.run_id)
    scene.logs.streams[PROXY] = ["y"]
    outcome = scene.finish(scene.run.run_id)
    assert outcome is not None
    assert outcome.last_lines == ["main: x", "proxy: y"]


def test_container_that_never_started_is_not_waited_for() -> None:
    scene = Scene(ended_run("ecs_cannot_pull_container"))
    outcome = scene.finish(scene.run.run_id)
    assert outcome is not None
    assert outcome.cause is Cause.IMAGE_NOT_FOUND
    assert outcome.exit_codes == {}


def test_refused_launch_has_an_outcome() -> None:
    ending = Ending(code="ClientException", reason="TaskDefinition not found.")
    scene = Scene(new_run(status=Status.ENDED, ending=ending))
    outcome = scene.finish(scene.run.run_id)
    assert outcome is not None
    assert (outcome.state, outcome.cause) == (State.FAILED, Cause.MISCONFIGURATION)
    assert (outcome.backend_id, outcome.definition, outcome.log_streams) == (None, None, [])
    assert outcome.reason == "TaskDefinition not found."


def test_reasons_of_containers_follow_the_tasks() -> None:
    run = ended_run("ecs_two_containers")
    assert run.ending is not None
    main, proxy = run.ending.containers
    containers = [replace(main, reason="OutOfMemoryError: x"), replace(proxy, reason="task exited")]
    scene = Scene(replace(run, ending=replace(run.ending, containers=containers)))
    reason = "Essential container in task exited; main: OutOfMemoryError: x"
    assert scene.settled().reason == reason


@pytest.mark.parametrize(("limit", "lines"), [(0, []), (1, ["c"]), (2, ["b", "c"]), (9, "abc")])
def test_tail_lines(limit: int, lines: list[str]) -> None:
    run = _with(ended_run("ecs_stopped_exit_0"), tail_lines=limit)
    assert Scene(run, {MAIN: ["a", "b", "c"]}).settled().last_lines == list(lines)


def test_last_line_as_result_is_asked_for() -> None:
    run = ended_run("ecs_stopped_exit_0")
    assert Scene(run, {MAIN: ["a", "b"]}).settled().result is None
    asked = _with(run, last_line_as_result=True)
    assert Scene(asked, {MAIN: ["a", "b"]}).settled().result == "b"


@pytest.mark.parametrize(
    ("container", "lines", "result"),
    [
        (None, {MAIN: ["m"], PROXY: ["p"]}, "m"),
        ("proxy", {MAIN: ["m"], PROXY: ["p"]}, "p"),
        ("main", {MAIN: ["m"], PROXY: [f"{RESULT_MARKER} 7"]}, "m"),
        ("proxy", {MAIN: [f"{RESULT_MARKER} 7"], PROXY: ["p", " "]}, "p"),
        (None, {MAIN: ["m"], PROXY: [f"{RESULT_MARKER} 7"]}, 7),
        ("another", {MAIN: [f"{RESULT_MARKER} 7"], PROXY: ["p"]}, 7),
    ],
)
def test_whose_last_line_is_the_result(
    container: str | None, lines: dict[str, list[str]], result: object
) -> None:
    """`proxy` isn't essential: unless it is named, its last line is nobody's result.
    A name that the definition doesn't have names none."""
    run = _with(
        ended_run("ecs_two_containers"), last_line_as_result=True, result_container=container
    )
    assert Scene(run, lines).settled().result == result


def test_falsy_result_is_a_result() -> None:
    run = _with(ended_run("ecs_stopped_exit_0"), last_line_as_result=True)
    outcome = Scene(run, {MAIN: [f"{RESULT_MARKER} 0", "later"]}).settled()
    assert outcome.result == 0


@pytest.mark.parametrize(
    "line",
    [
        "x" * 1_000_000,
        "\x00" * 250_000,
        "ä😀" * 100_000,
        f"{RESULT_MARKER} " + json.dumps("r" * 500_000),
        f"{RESULT_MARKER} " + "[" * 200_000,
        f'{RESULT_MARKER} "\\ud800"',
        f"{RESULT_MARKER} NaN",
        f"{RESULT_MARKER} {'9' * 5000}",
    ],
    ids=["long", "escaped", "wide", "big result", "deep", "surrogate", "NaN", "big number"],
)
def test_whatever_the_container_prints_the_outcome_fits(line: str, outcomes: Outcomes) -> None:
    run = _with(ended_run("ecs_stopped_exit_0"), tail_lines=100)
    scene = Scene(run, {MAIN: [line] * 100}, outcomes=outcomes)
    outcome = scene.settled()
    assert len(encode(outcome).encode()) < 250 * 1024
    assert scene.outcomes.get(run.run_id) == outcome
    assert outcome.state is State.SUCCEEDED


def test_a_secret_at_the_cut_of_a_long_line_is_masked() -> None:
    token = "eyJ" + "a" * 40 + ".eyJ" + "b" * 3000 + "." + "c" * 40
    line = "x" * (LINE_CHARACTERS - 20) + " " + token + "y" * 1_000_000
    [shown] = Scene(ended_run("ecs_stopped_exit_0"), {MAIN: [line]}).settled().last_lines
    assert "eyJ" not in shown
    assert MASK in shown


def test_result_that_is_too_big_says_so() -> None:
    line = f"{RESULT_MARKER} " + json.dumps("r" * 200_000)
    outcome = Scene(ended_run("ecs_stopped_exit_0"), {MAIN: [line]}).settled()
    assert outcome.result is None
    assert "200002 bytes" in outcome.advice
    assert "S3" in outcome.advice


WATCHED = ended_run("ecs_stopped_exit_0", watchers=[watcher("a"), watcher("b")])


def _moments() -> list[str]:
    steps = Steps()
    Scene(WATCHED, {MAIN: ["x"]}, steps, stacks="push").settled()
    return steps.moments


def test_the_steps_are_those_we_think_of() -> None:
    names = [moment.removeprefix("after ") for moment in _moments()[1::2]]
    sends = ["send"] * 4  # the notices of the task and two watchers; the copy
    assert names == ["get", "get", "tail", "seal", *sends, "announce", "mark_finished"]


@pytest.mark.parametrize("moment", range(len(_moments())))
def test_crash_between_any_two_side_effects(moment: int, outcomes: Outcomes) -> None:
    scene = Scene(WATCHED, {MAIN: ["first"]}, Steps({moment: crash}), outcomes, "push")
    with pytest.raises(Crash):
        scene.settled()
    sealed = scene.outcomes.get(scene.run.run_id)
    scene.logs.streams[MAIN].append("second")
    outcome = scene.settled()
    assert outcome == (sealed or outcome)
    assert scene.outcomes.get(scene.run.run_id) == outcome
    assert outcome in scene.bus.announced
    assert all(announced == outcome for announced in scene.bus.announced)
    assert {message["run_id"] for message in scene.copies.messages} == {scene.run.run_id}
    notice = {"run_id": scene.run.run_id, "airflow": "default"}
    for told in (notice, notice | {"watcher": 0}, notice | {"watcher": 1}):
        assert told in scene.notices.messages
    row = scene.runs.get(scene.run.run_id)
    assert row is not None
    assert row.finished


def _fail() -> None:
    raise ConnectionError("SQS is away")


def test_one_that_cannot_be_delivered_holds_up_no_other() -> None:
    deliveries = [
        moment
        for moment, name in enumerate(_moments())
        if name in ("before send", "before announce")
    ]
    for broken in deliveries:
        scene = Scene(WATCHED, {MAIN: ["x"]}, Steps({broken: _fail}), stacks="push")
        with pytest.raises(ConnectionError):
            scene.settled()
        sent = len(scene.notices.messages + scene.copies.messages) + len(scene.bus.announced)
        assert sent == len(deliveries) - 1
        row = scene.runs.get(scene.run.run_id)
        assert row is not None
        assert not row.finished
        scene.settled()
    both = Steps(dict.fromkeys(deliveries[:2], _fail))
    with pytest.raises(ExceptionGroup, match="not delivered to all"):
        Scene(WATCHED, {MAIN: ["x"]}, both, stacks="push").settled()


def test_two_at_once_deliver_the_same_outcome() -> None:
    steps = Steps()
    scene = Scene(ended_run("ecs_stopped_exit_0"), {MAIN: ["x"]}, steps, stacks="push")

    def other() -> None:
        scene.clock.advance(3)
        scene.finish(scene.run.run_id)

    steps.plan[_moments().index("before seal")] = other
    outcome = scene.settled()
    assert scene.bus.announced == [outcome, outcome]


def test_sealed_outcome_is_delivered_without_reading_again() -> None:
    scene = Scene(ended_run("ecs_stopped_exit_0"), {MAIN: ["x"]})
    first = scene.settled()
    reads = scene.logs.reads
    assert scene.settled() == first
    assert scene.logs.reads == reads


def test_what_is_delivered_is_not_delivered_again() -> None:
    scene = Scene(ended_run("ecs_stopped_exit_0"), {MAIN: ["x"]})
    outcome = scene.settled()
    assert scene.settled() == outcome
    assert scene.bus.announced == [outcome]
    assert len(scene.copies.messages) == 1


def test_stop_that_was_wished_for_is_the_outcome() -> None:
    stop = Stop(cause=StopCause.TIMEOUT, reason="timed out after 3600 s")
    outcome = Scene(ended_run("ecs_stopped_by_user", stop=stop), {MAIN: ["x"]}).settled()
    assert (outcome.state, outcome.cause) == (State.STOPPED, Cause.TIMEOUT)


def test_outcome_says_what_died_before_and_who_stopped_it() -> None:
    death = Death(launch=1, cause=Cause.HOST_LOSS, reason="gone", backend_id="arn", at=1.5)
    stop = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared", by="ada")
    run = ended_run("ecs_stopped_by_user", launch=2, deaths=[death], stop=stop)
    outcome = Scene(run, {MAIN: ["x"]}).settled()
    assert (outcome.launches, outcome.deaths) == (2, [death])
    assert (outcome.state, outcome.stopped_by) == (State.STOPPED, "ada")
    assert outcome.policy_version == POLICY_VERSION


def test_nobody_stopped_what_had_succeeded() -> None:
    stop = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared", by="ada")
    outcome = Scene(ended_run("ecs_stopped_exit_0", stop=stop), {MAIN: ["x"]}).settled()
    assert (outcome.state, outcome.stopped_by) == (State.SUCCEEDED, "")


def test_outcome_is_for_the_try_that_took_the_run_over() -> None:
    caller = replace(new_run().request.caller, try_number=2)
    run = ended_run("ecs_stopped_exit_0", attachments=[Attachment(caller=caller)])
    assert Scene(run, {MAIN: ["x"]}).settled().caller == caller


def test_secrets_in_the_last_lines_are_masked() -> None:
    lines = ["login with password=hunter2", "-----BEGIN PRIVATE KEY-----", "MIIEvQ", "abc"]
    outcome = Scene(ended_run("ecs_stopped_exit_3"), {MAIN: lines}).settled()
    assert outcome.last_lines == ["login with password=***", "***", "***", "***"]
    one = _with(ended_run("ecs_stopped_exit_3"), tail_lines=1)
    assert Scene(one, {MAIN: lines}).settled().last_lines == ["***"]


def test_throttled_reading_is_tried_again_later() -> None:
    scene = Scene(ended_run("ecs_stopped_exit_3"), {MAIN: ["last"]})

    def throttled() -> None:
        raise Busy("Rate exceeded")

    scene.logs.on_tail = throttled
    with pytest.raises(NotYet) as not_yet:
        scene.finish(scene.run.run_id)
    assert BUSY_SECONDS[0] <= not_yet.value.delay_seconds <= BUSY_SECONDS[1]
    assert scene.outcomes.get(scene.run.run_id) is None
    scene.logs.on_tail = None
    assert scene.settled().last_lines == ["last"]
