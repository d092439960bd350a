"""copy_logs: every line, with its own time, where the log of the Airflow try is read."""

import json
from datetime import datetime
from typing import Any

import pytest
from jetbridge_testing.copying import Crash, MemoryCopies, World
from jetbridge_testing.logs import Faults, MemoryLogs, log_event
from jetbridge_testing.samples import JOB_DEFINITION, ended_run
from msgspec.structs import replace

from jetbridge.backends.log_sources import job_log_sources
from jetbridge.contract import Cause, CloudWatchLogTarget, Death, S3LogTarget, to_builtins
from jetbridge.contract.lines import Line
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.copy_stream import LATEST_SECONDS
from jetbridge.logs.members import FAILED_CHILDREN, FIRST_CHILDREN
from jetbridge.logs.port import Page, StreamClosed, Unreadable
from jetbridge.queues.copies import MOST_SHOWN_BYTES, SHOWN_BYTES
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import (
    Attachment,
    Definition,
    LogSource,
    Run,
)

MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
PROXY = "report/proxy/478f3a4c51824ad23cb50c1c60670c0f"
PREFIX = (
    "airflow/dag_id=daily_report/run_id=scheduled__2026-03-01T00:00:00+00:00/"
    "task_id=report/attempt=1.log"
)
MWAA = CloudWatchLogTarget(
    group="airflow-mwaa-Task", stream=PREFIX.removeprefix("airflow/").replace(":", "_")
)


def copied(run: Run, streams: dict[str, list[str]] | None = None, **world: Any) -> World:
    """The world after the copy of a run that ended an hour ago."""
    source = MemoryLogs(streams) if streams is not None else None
    played = World(1, source=source, **world)
    played.clock.advance(3600)
    played.runs.create(run)
    played.send({"run_id": run.run_id})
    return played.play()


def texts(world: World) -> dict[str, list[str]]:
    """What each object says, by its key behind the try's prefix."""
    return {
        key.removeprefix(PREFIX): [json.loads(line)["event"] for line in body.splitlines()]
        for key, body in world.s3.objects.items()
    }


def only(world: World) -> list[dict[str, Any]]:
    [body] = world.s3.objects.values()
    return [json.loads(line) for line in body.splitlines()]


def test_lines_arrive_in_s3_with_their_own_times() -> None:
    world = World(1, [log_event(1_772_323_229_007, "start"), log_event(1_772_323_291_500, "end ä")])
    run = ended_run("ecs_stopped_exit_0")
    world.runs.create(run)
    world.clock.advance(3600)
    assert world.deliver({"run_id": run.run_id}) == 2
    [key] = world.s3.objects
    assert key.startswith(PREFIX), "Airflow's S3 handler lists this prefix"
    assert only(world) == [
        {
            "timestamp": "2026-03-01T00:00:29.007Z",
            "level": "info",
            "logger": "container.main",
            "event": "start",
        },
        {
            "timestamp": "2026-03-01T00:01:31.500Z",
            "level": "info",
            "logger": "container.main",
            "event": "end ä",
        },
    ]


def test_the_copy_begins_when_the_container_has_stopped_for_long_enough() -> None:
    run = ended_run("ecs_stopped_exit_0")
    world = World(1, source=MemoryLogs({MAIN: ["a"]}), settle_seconds=7)
    world.clock.now = 1_772_323_293.0
    world.runs.create(run)
    assert run.ending is not None
    assert run.ending.stopped_at is not None
    run = replace(run, ending=replace(run.ending, stopped_at="2026-03-01T00:01:33.000Z"))
    world.runs._rows[run.run_id] = run
    world.deliver({"run_id": run.run_id})
    assert world.s3.objects == {}
    [(at, message)] = world.waiting
    assert message == {"run_id": run.run_id}
    assert 7 <= at - 1_772_323_293.0 < 9
    world.play()
    assert texts(world) == {".jetbridge.1.main.1.log": ["a"]}


def test_a_copy_that_is_asked_for_again_writes_the_same_objects() -> None:
    run = ended_run("ecs_two_containers")
    world = copied(run, {MAIN: ["a"], PROXY: ["b"]})
    before = dict(world.s3.objects)
    world.s3.objects.clear()
    world.send({"run_id": run.run_id})
    world.play()
    assert world.s3.objects == before
    assert len(before) == 2


def test_each_container_and_attempt_has_its_object() -> None:
    world = copied(ended_run("ecs_two_containers"), {MAIN: ["a"], PROXY: ["b"]})
    assert texts(world) == {
        ".jetbridge.1.main.1.log": ["a"],
        ".jetbridge.1.proxy.1.log": ["b"],
    }
    run = ended_run("batch_failed_two_attempts")
    assert run.ending is not None
    world = copied(run, {log.name: [log.name] for log in run.ending.log_names})
    assert [key.rpartition("/")[2] for key in sorted(world.s3.objects)] == [
        "attempt=1.log.jetbridge.1.default.1.log",
        "attempt=1.log.jetbridge.1.default.2.log",
    ]


def test_an_attempt_that_was_followed_by_another_is_folded() -> None:
    run = ended_run("batch_failed_two_attempts")
    assert run.ending is not None
    world = copied(run, {log.name: ["a", "b"] for log in run.ending.log_names})
    first, second = (body for _, body in sorted(world.s3.objects.items()))
    events = [json.loads(line)["event"] for line in first.splitlines()]
    assert events == ["::group::Launch 1, attempt 1: default", "a", "b", "::endgroup::"]
    lines = [json.loads(line) for line in second.splitlines()]
    assert [line["event"] for line in lines] == ["a", "b"]
    assert {line["logger"] for line in lines} == {"container.default.attempt-2"}


def test_missing_stream_is_said_in_the_log() -> None:
    [line] = only(copied(ended_run("ecs_stopped_exit_0"), {}))
    assert line["logger"] == "jetbridge"
    assert MAIN in line["event"]
    assert "/ecs/report" in line["event"]


def test_copy_logs_waits_for_a_late_stream() -> None:
    run = ended_run("ecs_stopped_exit_0")
    assert run.ending is not None
    assert run.ending.stopped_at is not None
    source = MemoryLogs({})
    world = World(1, source=source)
    world.clock.now = datetime.fromisoformat(run.ending.stopped_at).timestamp() + 6
    world.runs.create(run)
    world.deliver({"run_id": run.run_id})
    assert world.s3.objects == {}
    source.streams[MAIN] = ["a"]
    assert texts(world.play()) == {".jetbridge.1.main.1.log": ["a"]}


def test_a_group_that_may_not_be_read_is_said_in_the_log() -> None:
    class Closed(MemoryLogs):
        def page(self, *_: Any) -> Any:
            raise StreamClosed("User … is not authorized to perform: logs:GetLogEvents")

    world = World(1, source=Closed({}))
    run = ended_run("ecs_stopped_exit_0")
    world.runs.create(run)
    world.clock.advance(3600)
    world.send({"run_id": run.run_id})
    [line] = only(world.play())
    assert "ContainerLogGroupArns" in line["event"]


def test_a_group_without_get_log_events_is_said_in_the_log() -> None:
    class Infrequent(MemoryLogs):
        def page(self, *_: Any) -> Any:
            raise Unreadable("InvalidOperationException: log class INFREQUENT_ACCESS")

    world = World(1, source=Infrequent({}))
    run = ended_run("ecs_stopped_exit_0")
    world.runs.create(run)
    world.clock.advance(3600)
    world.send({"run_id": run.run_id})
    [line] = only(world.play())
    assert "can't read the log" in line["event"]
    assert "INFREQUENT_ACCESS" in line["event"]


def test_other_log_driver_is_said_in_the_log() -> None:
    source = LogSource(container="main", driver="awsfirelens")
    run = ended_run("ecs_stopped_exit_0", definition=Definition(arn="a", log_sources=[source]))
    [line] = only(copied(run, {}))
    assert "awsfirelens" in line["event"]
    assert run.ending is not None
    assert line["timestamp"] == run.ending.stopped_at, "Airflow's reader sorts by it"


def test_a_run_that_never_started_says_so() -> None:
    run = ended_run("ecs_stopped_exit_0", ending=Ending(code="TaskFailedToStart"))
    [line] = only(copied(run, {}))
    assert "No container has been started" in line["event"]


@pytest.mark.parametrize("run_id", ["unknown", None])
def test_nothing_to_copy(run_id: str | None) -> None:
    run = ended_run("ecs_stopped_exit_0")
    run = replace(run, request=replace(run.request, log_target=None))
    world = World(1, source=MemoryLogs({MAIN: ["a"]}))
    world.runs.create(run)
    assert world.deliver({"run_id": run_id or run.run_id}) == 0
    assert world.s3.objects == {}


def test_a_run_that_was_taken_over_is_copied_to_both_tries() -> None:
    later = S3LogTarget(bucket="airflow-logs", key_prefix=PREFIX.replace("=1.log", "=2.log"))
    run = ended_run("ecs_stopped_exit_0")
    run = replace(run, attachments=[Attachment(caller=run.request.caller, log_target=later)])
    world = copied(run, {MAIN: ["a", "b"]})
    first, second = sorted(world.s3.objects)
    assert (first.startswith(PREFIX), second.startswith(later.key_prefix)) == (True, True)
    assert world.s3.objects[first] == world.s3.objects[second]


# Launches, children, nodes


def death(launch: int, backend_id: str | None, cause: Cause = Cause.SPOT_INTERRUPTION) -> Death:
    return Death(launch=launch, cause=cause, reason="gone", backend_id=backend_id, at=1e9 + launch)


def test_launches_that_were_replaced_are_shown_too() -> None:
    earlier = [
        death(1, None, Cause.CAPACITY),
        death(2, "arn:aws:ecs:eu-central-1:123456789012:task/reports/0123456789abcdef"),
    ]
    one = Definition(
        arn="a",
        log_sources=[LogSource(container="main", driver="awslogs", group="g", prefix="report")],
    )
    run = ended_run("ecs_stopped_exit_0", launch=3, deaths=earlier, definition=one)
    lost = "report/main/0123456789abcdef"
    shown = texts(copied(run, {MAIN: ["b"], lost: ["a"]}))
    assert shown[".jetbridge.2.main.1.log"] == [
        "::group::Launch 2, attempt 1: main",
        "a",
        "::endgroup::",
    ]
    assert shown[".jetbridge.3.main.1.log"] == ["b"]
    notes = shown[".jetbridge.3.notes.log"]
    assert ["capacity" in notes[0], "spot_interruption" in notes[1]] == [True, True]


def test_a_launch_without_a_stream_prefix_is_said_not_to_be_found() -> None:
    source = LogSource(container="main", driver="awslogs", group="/ecs/own")
    run = ended_run(
        "ecs_stopped_exit_0",
        launch=2,
        deaths=[death(1, "arn:aws:ecs:eu-central-1:123456789012:task/reports/01")],
        definition=Definition(arn="a", log_sources=[source]),
    )
    world = copied(run, {"478f3a4c51824ad23cb50c1c60670c0f-1527056392": ["b"]})
    assert any("awslogs-stream-prefix" in note for note in texts(world)[".jetbridge.2.notes.log"])


def test_batch_jobs_that_were_replaced_are_looked_up_at_once() -> None:
    run = ended_run("batch_succeeded", launch=3, deaths=[death(1, "one"), death(2, "two")])
    assert run.ending is not None
    [now] = [log.name for log in run.ending.log_names]
    world = copied(run, {now: ["c"], "job/one": ["a"]}, records={"one": record("one", "FAILED")})
    prefix = run.request.log_target
    assert isinstance(prefix, S3LogTarget)
    shown = {
        key.removeprefix(prefix.key_prefix): body.decode() for key, body in world.s3.objects.items()
    }
    assert '"a"' in shown[".jetbridge.1.default.1.log"]
    assert "two" in shown[".jetbridge.3.notes.log"]
    assert world.jobs.asked == [["one", "two"]]


def record(job_id: str, status: str, group: str = "/aws/batch/job") -> dict[str, Any]:
    """What DescribeJobs says of an ended job, child or node."""
    return {
        "jobId": job_id,
        "status": status,
        "attempts": [{"container": {"logStreamName": f"job/{job_id}"}}],
        "container": {"logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": group, "awslogs-region": "eu-west-1"}}},
    }  # fmt: skip


def array_run(size: int, failed: set[int]) -> tuple[Run, dict[str, Any], dict[str, list[str]]]:
    run = ended_run("batch_array_parent_failed")
    parameters = {**run.request.parameters, "arrayProperties": {"size": size}}
    run = replace(run, request=replace(run.request, submit_job=parameters))
    job_id = str(run.backend_id)
    records = {
        f"{job_id}:{index}": record(
            f"{job_id}:{index}", "FAILED" if index in failed else "SUCCEEDED", "/batch/children"
        )
        for index in range(size)
    }
    streams = {f"job/{child}": [child] for child in records}
    summary = {"statusSummary": {"FAILED": len(failed)}, "size": size}
    return run, {job_id: {"jobId": job_id, "arrayProperties": summary}, **records}, streams


def test_of_a_large_array_the_first_and_the_failed_children_are_shown() -> None:
    failed = set(range(5_000, 6_000, 7)) | {3}
    run, records, streams = array_run(10_000, failed)
    world = copied(run, streams, records=records)
    notes = [body for key, body in world.s3.objects.items() if key.endswith(".notes.log")]
    shown = {key for key in world.s3.objects if "child-" in key}
    assert len(shown) == FIRST_CHILDREN + FAILED_CHILDREN - 1
    assert any(key.endswith(".jetbridge.1.child-5000.default.1.log") for key in shown)
    assert json.loads(notes[0])["event"].startswith(
        f"The array job has 10000 children, of which {len(failed)} failed"
    )
    [asked] = world.jobs.asked
    assert len(asked) <= 100, "one call of DescribeJobs"
    assert max(len(json.dumps(message)) for message in world.sent) < 4_000
    loggers = {json.loads(body)["logger"] for key, body in world.s3.objects.items() if key in shown}
    assert "container.default.child-0003" in loggers
    assert world.turns.taken.count("logs#eu-west-1") >= len(shown), "the group's own region"


def test_a_small_array_is_shown_whole() -> None:
    run, records, streams = array_run(3, {1})
    world = copied(run, streams, records=records)
    assert len(world.s3.objects) == 3


def test_nodes_of_a_multi_node_job_are_shown() -> None:
    run = ended_run("batch_array_parent_failed")
    job_id = str(run.backend_id)
    nodes = {f"{job_id}#{n}": record(f"{job_id}#{n}", "SUCCEEDED") for n in range(2)}
    parent = {"jobId": job_id, "nodeProperties": {"numNodes": 2}}
    world = copied(run, {f"job/{n}": [n] for n in nodes}, records={job_id: parent, **nodes})
    names = sorted(key.rpartition(".jetbridge.1.")[2] for key in world.s3.objects)
    assert names == ["node-0000.default.1.log", "node-0001.default.1.log"]


def test_the_main_nodes_streams_in_the_record_hide_no_other_node() -> None:
    """The record of a multi-node job has the attempts of its main node, with their streams."""
    main = ended_run("batch_failed_two_attempts")
    assert main.ending is not None
    run = replace(main, ending=replace(main.ending, nodes=2))
    job_id = str(run.backend_id)
    own = [name.name for name in main.ending.log_names]
    nodes = {f"{job_id}#{n}": record(f"{job_id}#{n}", "FAILED") for n in range(2)}
    nodes[f"{job_id}#0"]["attempts"] = [{"container": {"logStreamName": name}} for name in own]
    parent = {"jobId": job_id, "nodeProperties": {"numNodes": 2}}
    streams = {name: [name] for name in (*own, f"job/{job_id}#1")}
    world = copied(run, streams, records={job_id: parent, **nodes})
    names = sorted(key.rpartition(".jetbridge.1.")[2] for key in world.s3.objects)
    assert names == [
        "node-0000.default.1.log",
        "node-0000.default.2.log",
        "node-0001.default.1.log",
    ]


def test_nodes_that_batch_no_longer_knows_are_said_to_be_missing() -> None:
    main = ended_run("batch_failed_two_attempts")
    assert main.ending is not None
    run = replace(main, ending=replace(main.ending, nodes=2))
    streams = {name.name: ["x"] for name in main.ending.log_names}
    world = copied(run, streams, records={})
    notes = [body for key, body in world.s3.objects.items() if key.endswith(".notes.log")]
    assert b"2 nodes; the logs of 0 are shown here. The main node's is, too." in notes[0]
    assert len(world.s3.objects) == 3


def test_a_pod_has_a_note_instead_of_lines() -> None:
    pod = {"podProperties": {"containers": [{"name": "train"}]}}
    sources = job_log_sources({"eksProperties": pod})
    run = ended_run("batch_failed_timeout")
    assert run.ending is not None
    definition = Definition(arn=JOB_DEFINITION, log_sources=sources)
    run = replace(run, definition=definition, ending=replace(run.ending, log_names=[]))
    world = copied(run, {}, records={})
    [body] = world.s3.objects.values()
    assert b"Container train ran in a pod on Amazon EKS" in body
    assert b"No container has been started" not in body


# Large logs


def test_of_a_large_log_beginning_and_end_are_shown_with_a_link_to_the_whole() -> None:
    streams = {MAIN: [f"{number:06} {'x' * 1_000}" for number in range(12_000)]}
    world = copied(ended_run("ecs_stopped_exit_0"), streams)
    shown = world.s3.objects.pop(f"{PREFIX}.jetbridge.1.main.1.log")
    [(key, whole)] = world.s3.objects.items()
    assert not key.startswith(PREFIX), "Airflow would load it with the try's log"
    assert key.startswith("airflow/jetbridge-whole/"), "the stack's own prefix"
    numbers = [json.loads(line)["event"][:6] for line in whole.splitlines()]
    assert numbers == [f"{number:06}" for number in range(12_000)]
    assert len(shown) < 2 * MOST_SHOWN_BYTES + 1_000
    lines = [json.loads(line)["event"] for line in shown.splitlines()]
    assert lines[0].startswith("000000")
    assert lines[-1].startswith("011999")
    assert sum(f"s3://airflow-logs/{key}" in line for line in lines) == 1


def test_what_is_shown_of_all_streams_together_is_bounded() -> None:
    run, records, streams = array_run(30, set(range(30)))
    streams = {name: ["y" * 1_000] * 3_000 for name in streams}
    world = copied(run, streams, records=records)
    shown = sum(
        len(body) for key, body in world.s3.objects.items() if "/jetbridge-whole/" not in key
    )
    assert shown < 1.1 * SHOWN_BYTES


def test_a_long_log_goes_behind_the_others_again_and_again() -> None:
    world = World(1, part_bytes=2_000, least_part=0, slice_pages=2)
    world.logs.events = [log_event(1_772_323_229_000 + n, "z" * 50) for n in range(600)]
    run = ended_run("ecs_stopped_exit_0")
    world.runs.create(run)
    world.clock.advance(3600)
    world.send({"run_id": run.run_id})
    world.play()
    assert world.invocations > 20
    assert len(only(world)) == 600 if len(world.s3.objects) == 1 else world.s3.begun == 1


class CountedCopies(MemoryCopies):
    """Dies behind the call of this number, counted from 0."""

    def __init__(self, dies: int | None = None) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.dies = dies

    def get(self, key: str) -> CopyState:
        self._called("get")
        return self.states.get(key, CopyState())

    def save(self, key: str, state: CopyState) -> bool:
        saved = self.states.get(key, CopyState()).version == state.version - 1
        if saved:
            self.states[key] = state
        self._called("save")
        return saved

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) - 1 == self.dies:
            raise Crash


def test_a_log_that_is_copied_at_once_leaves_no_state() -> None:
    world = World(1, [log_event(1_772_323_229_000 + n, f"{n}") for n in range(50)])
    world.copies = copies = CountedCopies()
    run = ended_run("ecs_stopped_exit_0")
    world.runs.create(run)
    world.clock.advance(3600)
    for _ in range(2):
        world.send({"run_id": run.run_id})
        world.play()
        assert [line["event"] for line in only(world)] == [f"{n}" for n in range(50)]
    assert copies.calls == []


def test_a_first_message_that_comes_again_goes_on_behind_the_state_that_it_left() -> None:
    """The function dies after it has saved its state, and no other one continues the copy."""
    world = World(1, part_bytes=2_000, least_part=0)
    world.logs.events = [log_event(1_772_323_229_000 + n, "z" * 50) for n in range(600)]
    world.copies = copies = CountedCopies(dies=0)
    run = ended_run("ecs_stopped_exit_0")
    world.runs.create(run)
    world.clock.advance(3600)
    world.send({"run_id": run.run_id})
    world.play()
    assert world.crashed == 1
    assert copies.calls[:3] == ["save", "save", "get"]
    [state] = copies.states.values()
    assert (state.done, state.lines) == (True, 600)


def test_the_log_goes_only_to_the_place_in_the_message() -> None:
    run = ended_run("ecs_stopped_exit_0")
    place = run.request.log_target
    assert isinstance(place, S3LogTarget)
    other = replace(place, key_prefix=place.key_prefix.replace("attempt=1", "attempt=2"))
    run = replace(run, attachments=[Attachment(caller=run.request.caller, log_target=other)])
    world = World(1, source=MemoryLogs({MAIN: ["x"]}))
    world.clock.advance(3600)
    world.runs.create(run)
    world.send({"run_id": run.run_id, "target": to_builtins(other)})
    world.play()
    assert [key.split(".jetbridge.")[0] for key in world.s3.objects] == [other.key_prefix]


# CloudWatch Logs


def mwaa_run(event: str, **fields: Any) -> Run:
    run = ended_run(event, **fields)
    return replace(run, request=replace(run.request, log_target=MWAA))


def test_lines_arrive_in_the_trys_own_stream() -> None:
    events = [log_event(1_772_323_229_007, "start"), log_event(1_772_323_229_007, "again")]
    world = World(1, events)
    run = mwaa_run("ecs_stopped_exit_0")
    world.runs.create(run)
    world.clock.advance(3600)
    world.send({"run_id": run.run_id})
    world.play()
    [(place, written)] = world.cloudwatch.streams.items()
    assert place == (MWAA.group, MWAA.stream)
    assert [event["timestamp"] for event in written] == [1_772_323_229_007] * 2
    assert [json.loads(event["message"])["event"] for event in written] == ["start", "again"]
    world.send({"run_id": run.run_id})
    world.play()
    assert len(written) == 2, "a repeated message doubles nothing"


def test_lines_that_cloudwatch_does_not_take_are_counted_in_the_log() -> None:
    run = mwaa_run("ecs_stopped_exit_0")
    old = 1_772_323_229_000 - 15 * 24 * 3600 * 1000
    world = World(1, [log_event(old, "first"), log_event(1_772_323_229_000, "last")])
    world.runs.create(run)
    world.clock.advance(3600)
    world.send({"run_id": run.run_id})
    world.play()
    [written] = world.cloudwatch.streams.values()
    said = [json.loads(event["message"])["event"] for event in written]
    assert said[0] == "last"
    assert said[1].startswith("1 lines are missing here")


def test_notes_are_written_once() -> None:
    source = LogSource(container="main", driver="awsfirelens")
    definition = Definition(arn="a", log_sources=[source])
    run = mwaa_run("ecs_stopped_exit_0", definition=definition)
    world = copied(run, {})
    world.send({"run_id": run.run_id})
    world.play()
    [written] = world.cloudwatch.streams.values()
    assert len(written) == 1


# Reading on


def test_lines_that_keep_coming_long_after_the_stop_are_not_waited_for_for_ever() -> None:
    run = ended_run("ecs_stopped_exit_0")
    world = World(1, settle_seconds=5)
    world.clock.now = start = 1_772_323_400.0
    world.logs.events = [
        {"timestamp": 1_772_323_229_000, "message": f"{n}", "ingestionTime": (start + n * 2) * 1000}
        for n in range(1_200)
    ]
    assert 2 * LATEST_SECONDS < 1_200 * 2
    world.runs.create(run)
    world.send({"run_id": run.run_id})
    world.play()
    assert world.clock.now < start + 2 * LATEST_SECONDS
    assert "later ones may be missing here" in only(world)[-1]["event"]


def test_throttles_slow_down_all_readers_and_lose_nothing() -> None:
    run = ended_run("ecs_stopped_exit_0")
    world = World(1, [log_event(1_772_323_229_000 + n, f"{n}") for n in range(300)])
    world.logs.faults = Faults(throttled=0.5)
    world.runs.create(run)
    world.clock.advance(3600)
    world.send({"run_id": run.run_id})
    world.play()
    assert [line["event"] for line in only(world)] == [f"{n}" for n in range(300)]
    assert len(world.turns.taken) > 1.2 * world.logs.reads, "turns are left unused"


def test_short_logs_are_not_held_up_by_a_long_one() -> None:
    run = ended_run("ecs_two_containers")
    pages = {MAIN: 60, PROXY: 1}

    class Pages(MemoryLogs):
        def page(self, stream: Any, position: Any) -> Page:
            number = int(position.token or 0)
            if number == pages[stream.stream]:
                return Page([], position.token, 0)
            return Page([Line(number, "x" * 100)], str(number + 1), 0)

    world = World(1, source=Pages({}), slice_pages=5, part_bytes=100, least_part=0)
    world.clock.advance(3600)
    world.runs.create(run)
    world.send({"run_id": run.run_id})
    world.play()
    done = [key for key in world.s3.objects if key.startswith(PREFIX)]
    assert [key.split(".")[-3] for key in done] == ["proxy", "main"], "the long one comes last"
