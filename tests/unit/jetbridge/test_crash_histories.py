"""Randomised histories of whole runs: exactly one task or job for each launch, whatever breaks.

``JETBRIDGE_HISTORIES`` says how many of each backend (default 1,000); a push plays 300.
"""

import os
from itertools import pairwise

import pytest
from jetbridge_testing.world import World

from jetbridge.failures import POLICY, Decision
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Run

HISTORIES = int(os.environ.get("JETBRIDGE_HISTORIES", "1000"))
CHUNK = 100
IN_A_PUSH = 300


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(first, marks=pytest.mark.nightly) if first >= IN_A_PUSH else first
        for first in range(0, HISTORIES, CHUNK)
    ],
)
@pytest.mark.parametrize("kind", ["ecs", "batch"])
def test_each_launch_is_launched_once_and_the_run_ends(kind: str, first: int) -> None:
    for seed in range(first, min(first + CHUNK, HISTORIES)):
        world = World(kind, seed)
        try:
            check(world, world.play())
        except AssertionError as error:
            raise AssertionError(f"history {kind} {seed}") from error


def check(world: World, row: Run) -> None:
    names = [_launch(name) for name, _ in world.tasks.launched]
    refused = {_launch(name) for name in world.tasks.refused}
    assert len(names) == len(set(names)), "launched twice"
    expected = set(range(1, row.launch + 1)) - refused
    assert set(names) <= expected
    if not world.stops:
        assert set(names) == expected, "a launch is missing"
    _check_one_at_a_time(world)
    _check_record(row)
    assert world.finished == {world.run_id}
    _check_one_outcome(world)
    if row.stop is not None:
        assert row.stop.by == "ada"
    else:
        _check_nothing_healthy_was_stopped(row)


def _check_one_outcome(world: World) -> None:
    outcome = world.outcomes.get(world.run_id)
    assert world.outcomes.items == {world.run_id: outcome}, "the outcome and nothing else"
    assert outcome is not None
    assert world.bus.announced
    assert all(announced == outcome for announced in world.bus.announced)


def _check_nothing_healthy_was_stopped(row: Run) -> None:
    assert row.ending is not None
    assert row.ending.code != "UserInitiated"
    assert not row.ending.terminated


def _check_one_at_a_time(world: World) -> None:
    """A launch is replaced when it is over, not before."""
    lives = [(at, world.tasks.ends[f"id-{name}"]) for name, at in world.tasks.launched]
    for (_, ended), (begun, _) in pairwise(lives):
        assert ended <= begun


def _check_record(row: Run) -> None:
    assert [death.launch for death in row.deaths] == list(range(1, row.launch))
    counted = [d for d in row.deaths if POLICY[d.cause].decision is Decision.RELAUNCH]
    assert len(counted) <= row.request.failure_policy.infra_retries
    assert all(POLICY[d.cause].decision is not Decision.FAIL for d in row.deaths)


def _launch(name: str) -> int:
    parsed = LaunchName.parse(name)
    assert parsed is not None
    return parsed.launch


def test_histories_hold_what_they_are_about() -> None:
    """The weather isn't too fair: relaunches, refusals, stops and lost answers do occur."""
    rows = [(world, world.play()) for kind in ("ecs", "batch") for world in _some(kind)]
    assert sum(row.launch > 2 for _, row in rows) > 5
    assert sum(bool(world.tasks.refused) for world, _ in rows) > 5
    assert sum(row.stop is not None for _, row in rows) > 5
    assert sum(world.told > 0 for world, _ in rows) > 50
    assert {row.ending.code for _, row in rows if row.ending} > {"SUCCEEDED", "StoppedBeforeLaunch"}


def _some(kind: str) -> list[World]:
    return [World(kind, seed) for seed in range(60)]
