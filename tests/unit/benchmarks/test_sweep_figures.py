"""The sweep's figures, from sweeps whose figures are known."""

from typing import Any

from benchmarks.rows import run_id
from benchmarks.sweep.figures import OneSweep, Sweeps


def some_sweeps(*operations: str, due_after: int = 0) -> Sweeps:
    calls: list[dict[str, Any]] = [{"operation": name} for name in operations]
    return Sweeps(
        runs=250,
        sweeps=[OneSweep(answer={}, seconds=2.5), OneSweep(answer={}, seconds=1.0)],
        calls=calls,
        cpu_seconds=0.5,
        due_before=250,
        due_after=due_after,
        active=250,
    )


def test_calls_are_counted_by_operation() -> None:
    sweeps = some_sweeps("Query", "DescribeTasks", "DescribeTasks", "UpdateItem")
    assert sweeps.describe_calls == 2
    assert (sweeps.count("Query"), sweeps.count("Scan")) == (1, 0)


def test_seconds_are_those_of_all_sweeps() -> None:
    assert some_sweeps().seconds == 3.5


def test_what_is_still_due_was_not_looked_at() -> None:
    assert some_sweeps().looked_at == 250
    assert some_sweeps(due_after=100).looked_at == 150


def test_run_ids_have_the_form_of_run_ids_and_differ() -> None:
    made = {run_id(number) for number in range(1000)}
    assert len(made) == 1000
    assert all(len(name) == 20 and name.isalnum() and name.islower() for name in made)
