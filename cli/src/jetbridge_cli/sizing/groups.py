"""Advice on runs, grouped by their size, caller and definition."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from jetbridge.contract import Cause, Outcome
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.pricing import task_of
from jetbridge_cli.operate.record import Record, epoch
from jetbridge_cli.operate.tables import Tables
from jetbridge_cli.problems import Problem
from jetbridge_cli.sizing.advice import Advice, Peak, Used, advise
from jetbridge_cli.sizing.fargate import Size
from jetbridge_cli.sizing.insights import peaks_of
from jetbridge_cli.sizing.places import Clusters, task_ids

ENOUGH_RUNS = 40
"""The number of similar runs that `jetbridge show` looks at."""

MOST_OUTCOMES = 2_000
"""It looks for them among this many of the newest outcomes."""

_FARGATE = "FARGATE"
_HOUR = 3600


@dataclass(frozen=True, order=True)
class Group:
    """A group of runs that get one advice. The size comes from the definition or from an
    override."""

    who: str
    definition: str
    size: Size
    architecture: str


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
    return asdict(each.group) | asdict(each.advice) | {"text": str(each.advice)}


def group_of(record: Record) -> Group | None:
    """A run's group. None if it isn't finished, didn't run on Fargate, or AWS's record has no
    size."""
    outcome = record.outcome
    usage = outcome.usage if outcome else None
    if usage is None or usage.launch_type != _FARGATE:
        return None
    definition = record.definition.rpartition(":")[0] or record.definition
    size = Size(usage.vcpu, usage.memory_mib)
    return Group(task_of(record), definition, size, usage.architecture)


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
    grouped = [
        (group, each.outcome)
        for each in records
        if each.outcome is not None and (group := group_of(each)) is not None
    ]
    peaks, notes = _peaks(aws, [outcome for _, outcome in grouped])
    used: dict[Group, list[Used]] = defaultdict(list)
    for group, outcome in grouped:
        used[group].append(_used(group, outcome, peaks))
    found = [GroupAdvice(group=group, advice=advise(runs)) for group, runs in used.items()]
    found.sort(key=lambda each: (-each.advice.saved, -each.advice.runs, each.group))
    return Sizing(advice=found, notes=notes)


def _used(group: Group, outcome: Outcome, peaks: dict[str, Peak]) -> Used:
    known = [peaks[each] for each in task_ids(outcome) if each in peaks]
    peak = (
        Peak(max(each.vcpu for each in known), max(each.memory_mib for each in known))
        if known
        else None
    )
    return Used(
        size=group.size,
        architecture=group.architecture,
        hours=outcome.usage.seconds / _HOUR if outcome.usage else 0.0,
        peak=peak,
        out_of_memory=outcome.cause == Cause.OUT_OF_MEMORY,
    )


def _peaks(aws: Aws, outcomes: list[Outcome]) -> tuple[dict[str, Peak], list[str]]:
    """Peaks by task id, from one search of each cluster's events."""
    clusters = Clusters(aws)
    wanted: dict[str, set[str]] = defaultdict(set)
    times: dict[str, list[float]] = defaultdict(list)
    notes: dict[str, None] = {}
    for outcome, name in _on_clusters(clusters, outcomes, notes):
        wanted[name].update(task_ids(outcome))
        times[name] += [epoch(str(outcome.started_at)), epoch(str(outcome.stopped_at))]
    found: dict[str, Peak] = {}
    for name, ids in wanted.items():
        peaks = peaks_of(aws, name, ids, min(times[name]), max(times[name]))
        found |= peaks.by_task
        if peaks.note:
            notes[peaks.note] = None
    return found, list(notes)


def _on_clusters(
    clusters: Clusters, outcomes: list[Outcome], notes: dict[str, None]
) -> Iterator[tuple[Outcome, str]]:
    """Each run with the clusters where it may have run. Notes why a cluster isn't known."""
    for outcome in outcomes:
        if outcome.started_at is None or outcome.stopped_at is None or not task_ids(outcome):
            continue
        try:
            names = clusters.of(outcome)
        except ClientError as error:
            notes[f"which cluster {outcome.job_queue} uses isn't known: {error}"] = None
            continue
        except Problem as problem:
            notes[str(problem)] = None
            continue
        for name in names:
            yield outcome, name
