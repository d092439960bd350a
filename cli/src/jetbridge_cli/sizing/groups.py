"""Advice on runs, grouped by their size, caller and definition."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from msgspec import to_builtins

from jetbridge.sizing.advice import Advice, advise
from jetbridge.sizing.batch import Clusters
from jetbridge.sizing.cloudwatch import PerformanceEvents
from jetbridge.sizing.groups import Group
from jetbridge.sizing.groups import group_of as group_of_outcome
from jetbridge.sizing.used import used_by
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.record import Record
from jetbridge_cli.operate.tables import Tables

ENOUGH_RUNS = 40
"""The number of similar runs that `jetbridge show` looks at."""

MOST_OUTCOMES = 2_000
"""It looks for them among this many of the newest outcomes."""


@dataclass(frozen=True, kw_only=True)
class GroupAdvice:
    group: Group
    advice: Advice


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """Attributes:
    advice: the highest saving first.
    notes: why data is missing.
    """

    advice: list[GroupAdvice]
    notes: list[str]


def sized_json(each: GroupAdvice) -> dict[str, Any]:
    """The advice as JSON for scripts: sizes in vCPU and MiB, amounts in US dollars."""
    group: dict[str, Any] = to_builtins(each.group)
    advice: dict[str, Any] = to_builtins(each.advice)
    return group | advice | {"text": str(each.advice)}


def group_of(record: Record) -> Group | None:
    """A run's group. None if it isn't finished, didn't run on Fargate, or AWS's record has no
    size."""
    return group_of_outcome(record.outcome) if record.outcome is not None else None


def sizing_of_run(tables: Tables, record: Record) -> Sizing | None:
    """Advice on a run together with the newest other runs of its group, ``ENOUGH_RUNS`` in all.

    Looks up the others only if there is data on the run itself. None if there can be no advice,
    because the run isn't finished or didn't run on Fargate.
    """
    if group_of(record) is None:
        return None
    alone = sizing_of(tables.aws, [record])
    if all(each.advice.runs == 0 for each in alone.advice):
        return alone
    return sizing_of(tables.aws, _alike(tables, record))


def _alike(tables: Tables, record: Record) -> list[Record]:
    group = group_of(record)
    newest = islice(tables.finished(), MOST_OUTCOMES)
    others = (
        other for _, other in newest if other.run_id != record.run_id and group_of(other) == group
    )
    return [record, *islice(others, ENOUGH_RUNS - 1)]


def sizing_of(aws: Aws, records: Iterable[Record]) -> Sizing:
    """Compare what runs used with what they reserved, as far as Container Insights has data."""
    outcomes = [each.outcome for each in records if each.outcome is not None]
    used, notes = used_by(outcomes, Clusters(lambda: aws.batch), PerformanceEvents(aws.logs))
    found = [GroupAdvice(group=group, advice=advise(runs)) for group, runs in used.items()]
    found.sort(key=lambda each: (-each.advice.saved, -each.advice.runs, each.group))
    return Sizing(advice=found, notes=notes)
