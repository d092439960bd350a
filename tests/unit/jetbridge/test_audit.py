"""The hourly audit: what runs under the token is adopted, stopped or left alone."""

from typing import Any

import pytest
from jetbridge_testing.core import Core
from jetbridge_testing.samples import DEFINITIONS, STACK_KEY, event, launched_run, new_run
from msgspec.structs import replace

from jetbridge.aws.records import Record
from jetbridge.backends.port import Throttled
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Run, Status
from jetbridge.tracking.audit import Audited

RUNNING = {"ecs": "ecs_running", "batch": "batch_running"}
KINDS = ("ecs", "batch")


class Scene(Core):
    def __init__(self, *rows: Run) -> None:
        super().__init__()
        for row in rows:
            assert self.runs.create(row)

    def runs_as(self, kind: str, backend_id: str, run_id: str, launch: int = 1) -> None:
        record: Record = dict(event(RUNNING[kind])["detail"])
        name = LaunchName(STACK_KEY, run_id, launch)
        if kind == "ecs":
            record |= {"taskArn": backend_id, "startedBy": str(name)}
        else:
            record |= {"jobId": backend_id, "jobName": name.job_name("load")}
        self.backends[kind].records[backend_id] = record

    @property
    def stopped(self) -> list[str]:
        return [message["orphan"]["backend_id"] for message in self.stops.messages]


def _row(kind: str, **fields: Any) -> Run:
    return launched_run(f"airflow_{kind}", **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_healthy_ones_are_left_alone(kind: str) -> None:
    run = _row(kind, backend_id="known")
    scene = Scene(run)
    scene.runs_as(kind, "known", run.run_id)
    assert scene.audit() == Audited(living=1)
    assert scene.runs.get(run.run_id) == run
    assert scene.stopped == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_its_row_does_not_know_is_adopted(kind: str) -> None:
    run = new_run(f"airflow_{kind}", status=Status.LAUNCHING, definition=DEFINITIONS[kind])
    scene = Scene(run)
    scene.runs_as(kind, "found", run.run_id)
    assert scene.audit() == Audited(living=1, adopted=1)
    row = scene.runs.get(run.run_id)
    assert row is not None
    assert (row.status, row.backend_id) == (Status.LAUNCHED, "found")
    assert scene.stopped == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_row_accounts_for_is_stopped(kind: str) -> None:
    superseded = _row(kind, launch=2, backend_id="second")
    scene = Scene(superseded)
    scene.runs_as(kind, "first", superseded.run_id)
    scene.runs_as(kind, "stray", "a" * 20)
    assert scene.audit() == Audited(living=2, orphans=2)
    assert sorted(scene.stopped) == ["first", "stray"]


def test_other_stacks_and_other_people_s_containers_are_not_looked_at() -> None:
    scene = Scene()
    scene.runs_as("ecs", "theirs", "a" * 20)
    scene.ecs.records["theirs"]["startedBy"] = "jb-ffffffff-" + "a" * 20 + "-1"
    scene.runs_as("ecs", "service", "a" * 20)
    scene.ecs.records["service"]["startedBy"] = "ecs-svc/2770844949256052681"
    assert scene.audit() == Audited()
    assert scene.stopped == []


def test_broken_cluster_does_not_hold_up_the_queues() -> None:
    scene = Scene()
    scene.runs_as("batch", "stray", "a" * 20)
    scene.ecs.errors["living"] = [Throttled("Rate exceeded")]
    with pytest.raises(ExceptionGroup, match="audit"):
        scene.audit()
    assert scene.stopped == ["stray"]


def test_without_time_it_stops_and_says_so() -> None:
    scene = Scene()
    scene.runs_as("ecs", "one", "a" * 20)
    scene.runs_as("ecs", "two", "b" * 20)
    assert scene.audit(0) == Audited(living=1, orphans=1, left=1)


@pytest.mark.parametrize(
    ("pattern", "looked_at"),
    [
        ("arn:aws:ecs:eu-central-1:123456789012:cluster/reports", True),
        ("arn:aws:ecs:eu-central-1:123456789012:cluster/rep*", True),
        ("*", True),
        ("arn:aws:ecs:eu-central-1:123456789012:cluster/other*", False),
    ],
)
def test_wildcards_are_held_against_the_clusters_there_are(pattern: str, looked_at: bool) -> None:
    scene = Scene()
    scene.ecs.there = [
        "arn:aws:ecs:eu-central-1:123456789012:cluster/reports",
        "arn:aws:ecs:eu-central-1:123456789012:cluster/private",
    ]
    scene.runs_as("ecs", "stray", "a" * 20)
    audit = scene.audit.__class__(
        scene.runs, scene.backends, scene.track, {"ecs": [pattern]}, clock=scene.clock
    )
    assert audit().orphans == int(looked_at)


def test_clusters_that_cannot_be_listed_are_an_error() -> None:
    scene = Scene()
    scene.ecs.errors["places"] = [Throttled("Rate exceeded")]
    audit = scene.audit.__class__(
        scene.runs, scene.backends, scene.track, {"ecs": ["*"]}, clock=scene.clock
    )
    with pytest.raises(ExceptionGroup):
        audit()


def test_run_that_ended_while_it_was_listed_is_left_to_its_event() -> None:
    run = _row("ecs", backend_id="known")
    scene = Scene(replace(run, launch=2, backend_id="second"))
    scene.runs_as("ecs", "known", run.run_id)
    scene.ecs.records["known"] |= {"lastStatus": "DEPROVISIONING"}
    assert scene.audit().orphans == 1
