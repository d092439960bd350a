"""Whose the log streams are: what launch_run and track_run say of them."""

from typing import Any

import pytest
from jetbridge_testing.core import Core
from jetbridge_testing.live import MemoryLive
from jetbridge_testing.samples import DEFINITIONS, REGION, change, event, launched_run, new_run
from msgspec.structs import replace

from jetbridge.backends.changes import from_job
from jetbridge.logs.live.owners import StreamOwners
from jetbridge.logs.live.streams import LiveStream, s3_targets
from jetbridge.runs.run import Definition, LogSource, Run, Status

GROUPS = {"/ecs/report", "/aws/batch/job"}
TASK = "478f3a4c51824ad23cb50c1c60670c0f"
JOB_STREAM = "load/default/2034bfc90e38f97eb976d5d7cf0d0c74"
NO_PREFIX = Definition(
    arn=DEFINITIONS["ecs"].arn,
    log_sources=[LogSource(container="main", driver="awslogs", group="/ecs/report")],
)


def _noted(run: Run, name: str = "", groups: set[str] = GROUPS) -> MemoryLive:
    live = MemoryLive()
    note = StreamOwners(live, groups, REGION)
    note.at_launch(run)
    if name:
        note.at_change(run, change(name))
    return live


def test_ecs_streams_are_known_with_the_task() -> None:
    run = launched_run()
    stream = LiveStream(run_id=run.run_id, launch=1, container="main")
    assert _noted(run).streams == {
        ("/ecs/report", f"report/main/{TASK}"): stream,
        ("/ecs/report", f"report/proxy/{TASK}"): replace(stream, container="proxy"),
    }
    assert _noted(run, "ecs_running").streams == _noted(run).streams


def test_ecs_streams_without_a_prefix_are_known_with_the_running_task() -> None:
    run = launched_run(definition=NO_PREFIX)
    assert _noted(run).streams == {}
    stream = LiveStream(run_id=run.run_id, launch=1, container="main")
    named = {("/ecs/report", f"{TASK}-1527056392"): stream}
    assert _noted(run, "ecs_running").streams == named


def test_batch_streams_are_known_with_the_running_job() -> None:
    run = launched_run("airflow_batch")
    assert _noted(run, "batch_runnable").streams == {}
    stream = LiveStream(run_id=run.run_id, launch=1, container="default")
    assert _noted(run, "batch_running").streams == {("/aws/batch/job", JOB_STREAM): stream}
    [second] = _noted(run, "batch_running_second_attempt").streams.values()
    assert second == replace(stream, attempt=2)


def test_batch_jobs_of_several_containers_name_each() -> None:
    detail = event("batch_running")["detail"]
    del detail["container"]
    names = [{"name": name, "logStreamName": f"load/{name}/1"} for name in ("main", "proxy")]
    detail["ecsProperties"] = {"taskProperties": [{"containers": names}]}
    found = from_job(detail, "5f0c7a10")
    assert found is not None
    assert [(name.container, name.name) for name in found.log_names] == [
        ("main", "load/main/1"),
        ("proxy", "load/proxy/1"),
    ]


@pytest.mark.parametrize(
    "run",
    [
        launched_run(backend_id=None),
        launched_run(status=Status.ENDED),
        launched_run(definition=None),
        replace(launched_run(), request=replace(new_run().request, log_target=None)),
    ],
)
def test_nothing_is_said_of_runs_that_show_nothing(run: Run) -> None:
    assert _noted(run, "ecs_running").streams == {}


@pytest.mark.parametrize("fields", [{"launch": 2}, {"backend_id": "another"}])
def test_nothing_is_said_of_tasks_that_are_not_the_runs_own(fields: dict[str, Any]) -> None:
    run = launched_run(definition=NO_PREFIX, **fields)
    assert _noted(run, "ecs_running").streams == {}


def test_other_groups_and_regions_are_not_relayed() -> None:
    assert _noted(launched_run(), groups={"/aws/batch/job"}).streams == {}
    source = replace(NO_PREFIX.log_sources[0], prefix="p", region="us-west-2")
    elsewhere = replace(NO_PREFIX, log_sources=[source])
    assert _noted(launched_run(definition=elsewhere)).streams == {}


def _core(live: MemoryLive) -> Core:
    core = Core()
    note = StreamOwners(live, GROUPS, REGION)
    object.__setattr__(core.launch, "streams", note)
    object.__setattr__(core.track, "streams", note)
    return core


def test_launch_run_says_it_however_often_its_message_comes() -> None:
    live = MemoryLive()
    core = _core(live)
    run = new_run()
    core.runs.create(run)
    core.launch(run.run_id, 1)
    first = dict(live.streams)
    assert len(first) == 2
    live.streams.clear()
    core.launch(run.run_id, 1)
    assert live.streams == first


def test_track_run_says_it_of_a_repeated_event_too() -> None:
    live = MemoryLive()
    core = _core(live)
    run = launched_run("airflow_batch")
    core.runs.create(run)
    core.track(event("batch_running"))
    assert list(live.streams) == [("/aws/batch/job", JOB_STREAM)]
    live.streams.clear()
    core.track(event("batch_running"))
    assert list(live.streams) == [("/aws/batch/job", JOB_STREAM)]


def test_a_relaunch_has_streams_of_its_own() -> None:
    run = launched_run(launch=2, backend_id="arn:aws:ecs:eu-central-1:1:task/reports/abc")
    [main, _] = _noted(run).streams.items()
    assert main[0] == ("/ecs/report", "report/main/abc")
    assert main[1].logger == "container.main.launch-2"


def test_only_s3_targets_show_pieces() -> None:
    assert s3_targets(launched_run()) == [launched_run().request.log_target]
