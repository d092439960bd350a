"""CPU time by component: all of it, that of ended processes too, and none of it twice."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import BenchmarkFailed
from benchmarks.mapped.processors import Spent, Times, by_component, spent

BURN = "import time\nwhile time.process_time() < 0.5: pass\n"
# A child that has ended, whose own child has ended before; then it waits.
LEADER = f"""
import subprocess, sys
burn = {BURN!r}
child = "import subprocess, sys; subprocess.run([sys.executable, '-c', " + repr(burn) + "])"
subprocess.run([sys.executable, "-c", child])
print("ready", flush=True)
sys.stdin.read()
"""
SECONDS = st.integers(0, 1000).map(float)
TREES = st.tuples(
    st.builds(Times, SECONDS, SECONDS),
    st.lists(st.builds(Times, SECONDS, SECONDS, st.booleans()), max_size=5),
)


@pytest.fixture
def leader() -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", LEADER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process.pid


def test_a_process_that_has_ended_counts_and_so_do_its_children(leader: int) -> None:
    assert psutil.Process(leader).children() == []
    found = spent({"api-server": leader, "scheduler": leader}, leader)
    assert found.cloud >= 0.5
    assert found.airflow["api-server"] >= 0.5
    assert found.airflow["tasks"] >= 0.5
    assert found.airflow["supervisors"] == 0


def test_a_component_that_has_ended_is_an_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    with pytest.raises(BenchmarkFailed, match="api-server has ended"):
        spent({"api-server": process.pid}, os.getpid())


def test_the_schedulers_tree_has_three_parts() -> None:
    worker = Times(own=2.0, of_ended=10.0, child=True)
    task = Times(own=0.5, of_ended=0.25)
    parts = by_component({"scheduler": (Times(own=5.0, of_ended=1.0), [worker, task])})
    assert parts == {"scheduler": 5.0, "supervisors": 2.0, "tasks": 11.75}


@given(
    st.dictionaries(st.sampled_from(["scheduler", "triggerer", "triggerer-2", "postgres"]), TREES)
)
def test_nothing_is_lost_and_nothing_counts_twice(
    trees: dict[str, tuple[Times, list[Times]]],
) -> None:
    whole = sum(
        each.own + each.of_ended
        for leader, descendants in trees.values()
        for each in (leader, *descendants)
    )
    parts = by_component(trees)
    assert sum(parts.values()) == whole
    assert min(parts.values(), default=0) >= 0
    assert "triggerer-2" not in parts


def test_what_was_used_between_two_looks() -> None:
    earlier = Spent(100.0, {"tasks": 1.0, "scheduler": 2.0}, 4.0)
    later = Spent(110.0, {"tasks": 6.0, "scheduler": 4.0}, 7.0)
    between = later.since(earlier)
    assert between == Spent(10.0, {"tasks": 5.0, "scheduler": 2.0}, 3.0)
    assert between.processors == 1.0
