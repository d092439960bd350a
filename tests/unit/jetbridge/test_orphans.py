"""Containers with Jetbridge's token and no place in its rows are stopped; no others are."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.core import Core
from jetbridge_testing.samples import DEFINITIONS, change, ended_run, launched_run, new_run
from msgspec.structs import replace

from jetbridge.contract import Cause, Death, decode
from jetbridge.queues.messages import Orphan
from jetbridge.runs.reports import Ending, StateChange
from jetbridge.runs.run import Run, Status
from jetbridge.stopping.orphans import is_orphan

RUNNING = {"ecs": change("ecs_running"), "batch": change("batch_running")}
RUN_OF = {"ecs": "airflow_ecs", "batch": "airflow_batch"}
KINDS = ("ecs", "batch")


class Scene(Core):
    def __init__(self, *rows: Run) -> None:
        super().__init__()
        for row in rows:
            assert self.runs.create(row)

    @property
    def orphans(self) -> list[Orphan]:
        return [decode(Orphan, message["orphan"]) for message in self.stops.messages]


def _ended(kind: str, code: str, **fields: Any) -> Run:
    ending = Ending(code=code)
    return launched_run(RUN_OF[kind], status=Status.ENDED, ending=ending, **fields)


def _relaunched(kind: str, dead: str | None) -> Run:
    death = Death(launch=1, cause=Cause.HOST_LOSS, reason="gone", backend_id=dead, at=1.5)
    return launched_run(RUN_OF[kind], launch=2, backend_id="second", deaths=[death])


ORPHANED: dict[str, Callable[[str], Run | None]] = {
    "no row": lambda kind: None,
    "another launch": lambda kind: _relaunched(kind, "another"),
    "refused launch before": lambda kind: _relaunched(kind, None),
    "another container of the launch": lambda kind: launched_run(RUN_OF[kind], backend_id="other"),
    "ended before it was launched": lambda kind: _ended(
        kind, "StoppedBeforeLaunch", backend_id=None
    ),
    "given up as lost": lambda kind: _ended(kind, "Lost"),
    "ended as another container": lambda kind: _ended(kind, "X", backend_id="other"),
    "attached to another run": lambda kind: new_run(
        RUN_OF[kind], status=Status.ENDED, attached_to="elder", definition=DEFINITIONS[kind]
    ),
}
HEALTHY: dict[str, Callable[[str], Run | None]] = {
    "launched": lambda kind: launched_run(RUN_OF[kind]),
    "without the launch's answer": lambda kind: launched_run(
        RUN_OF[kind], status=Status.LAUNCHING, backend_id=None
    ),
    "before its definition is seen": lambda kind: new_run(RUN_OF[kind]),
    "of a row that is behind": lambda kind: None,
    "late, of a run that has ended": lambda kind: _ended(kind, "EssentialContainerExited"),
    "late, of a launch that died": lambda kind: _relaunched(kind, RUNNING[kind].backend_id),
}


def _change(kind: str, name: str) -> StateChange:
    return replace(RUNNING[kind], launch=2) if name == "of a row that is behind" else RUNNING[kind]


def _row(kind: str, name: str) -> Run | None:
    if name == "of a row that is behind":
        return launched_run(RUN_OF[kind])
    return (ORPHANED | HEALTHY)[name](kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ORPHANED)
def test_orphan(kind: str, name: str) -> None:
    row = _row(kind, name)
    assert is_orphan(row, RUNNING[kind])
    scene = Scene(*([row] if row else []))
    scene.track.record(RUNNING[kind])
    [orphan] = scene.orphans
    assert (orphan.backend, orphan.place) == (kind, RUNNING[kind].place)
    assert orphan.backend_id == RUNNING[kind].backend_id
    assert orphan.reason
    assert scene.runs.get(RUNNING[kind].run_id) == row
    scene.stop_orphan(orphan)
    assert scene.backends[kind].stopped == [(orphan.backend_id, orphan.reason)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", HEALTHY)
def test_no_orphan(kind: str, name: str) -> None:
    row = _row(kind, name)
    assert not is_orphan(row, _change(kind, name))
    scene = Scene(*([row] if row else []))
    scene.track.record(_change(kind, name))
    scene.track.record(_change(kind, name))
    assert scene.orphans == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("foreign", [{"place": "elsewhere"}, {"definition": "other:1"}])
def test_what_is_not_the_row_s_own_is_let_be(kind: str, foreign: dict[str, str]) -> None:
    scene = Scene(launched_run(RUN_OF[kind], backend_id="known"))
    scene.track.record(replace(RUNNING[kind], **foreign))
    assert scene.orphans == []


def test_answer_after_the_event_of_a_second_job_keeps_the_first() -> None:
    """SubmitJob was done twice, since the first one's answer was lost and it wasn't listed."""
    run = new_run("airflow_batch", status=Status.LAUNCHING, definition=DEFINITIONS["batch"])
    scene = Scene(run)
    first = replace(RUNNING["batch"], backend_id="first", order=2)
    second = replace(RUNNING["batch"], backend_id="second")
    scene.track.record(first)
    scene.track.record(second)
    scene.runs.launched(run.run_id, 1, "second")
    scene.track.record(replace(first, order=4))
    assert [orphan.backend_id for orphan in scene.orphans] == ["second"]
    scene.track.record(replace(change("batch_succeeded"), backend_id="second"))
    row = scene.runs.get(run.run_id)
    assert row is not None
    assert (row.backend_id, row.status) == ("first", Status.LAUNCHED)


_STEPS = st.lists(st.sampled_from(["answer", "running", "audit", "twin", "end", "die"]), max_size=8)


@given(kind=st.sampled_from(KINDS), steps=_STEPS)
def test_the_container_that_a_row_waits_for_is_never_stopped(kind: str, steps: list[str]) -> None:
    """Whatever was heard in whatever order: what is queued for its stop is at no time, then or
    later, the container of the run's current launch."""
    scene = Scene(new_run(RUN_OF[kind], status=Status.LAUNCHING, definition=DEFINITIONS[kind]))
    ends = {"ecs": "ecs_stopped_exit_0", "batch": "batch_succeeded"}
    dies = {"ecs": "ecs_spot_interruption", "batch": "batch_host_terminated"}
    run_id = RUNNING[kind].run_id
    for number, step in enumerate(steps):
        row = scene.runs.get(run_id)
        assert row is not None
        launch, own = row.launch, f"container-{row.launch}"
        known = {"launch": launch, "backend_id": own}
        match step:
            case "answer":
                scene.runs.launched(run_id, launch, own)
            case "running":
                scene.track.record(replace(RUNNING[kind], order=number, **known))
            case "audit":
                scene.backends[kind].records = {}
                scene.audit()
            case "twin":
                twin = replace(RUNNING[kind], launch=launch, backend_id=f"twin-{launch}")
                if row.backend_id is not None:
                    scene.track.record(twin)
            case "end":
                scene.track.record(replace(change(ends[kind]), **known))
            case "die":
                scene.track.record(replace(change(dies[kind]), **known))
        row = scene.runs.get(run_id)
        assert row is not None
        assert row.backend_id in (None, f"container-{row.launch}")
        assert all(orphan.backend_id.startswith("twin-") for orphan in scene.orphans)


def test_late_running_of_an_ended_sample_stops_nothing() -> None:
    scene = Scene(ended_run("ecs_stopped_exit_0"))
    scene.track.record(RUNNING["ecs"])
    assert scene.orphans == []
