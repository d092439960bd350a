"""What runs used: their outcomes together with Container Insights' figures."""

import math
from collections import defaultdict
from collections.abc import Iterable

from jetbridge.contract import Cause, Outcome, epoch
from jetbridge.sizing.advice import Peak, Used
from jetbridge.sizing.groups import Group, group_of, task_ids
from jetbridge.sizing.port import TASK_ENDS_SECONDS, Insights, Places, Unknown

_HOUR = 3600


def used_by(
    outcomes: Iterable[Outcome], places: Places, insights: Insights
) -> tuple[dict[Group, list[Used]], list[str]]:
    """What the runs of each group used, from one search of each cluster's events.

    Returns the groups, and notes on why data is missing. Runs that belong to no group are left out.
    """
    grouped = [(group, each) for each in outcomes if (group := group_of(each)) is not None]
    peaks, notes = _peaks([outcome for _, outcome in grouped], places, insights)
    used: dict[Group, list[Used]] = defaultdict(list)
    for group, outcome in grouped:
        used[group].append(_used(group, outcome, peaks))
    return dict(used), notes


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


def _peaks(
    outcomes: list[Outcome], places: Places, insights: Insights
) -> tuple[dict[str, Peak], list[str]]:
    """Peaks by task id. A task of which not all events could be read has no peak: the rest may be
    higher."""
    stopped: dict[str, dict[str, float]] = defaultdict(dict)
    began: dict[str, float] = {}
    notes: dict[str, None] = {}
    for outcome in outcomes:
        start, end = epoch(outcome.started_at), epoch(outcome.stopped_at)
        if start is None or end is None or not task_ids(outcome):
            continue
        for name in _clusters(places, outcome, notes):
            stopped[name] |= dict.fromkeys(task_ids(outcome), end)
            began[name] = min(began.get(name, math.inf), start)
    found: dict[str, Peak] = {}
    for name, ends in stopped.items():
        peaks = insights.peaks_of(name, ends.keys(), began[name], max(ends.values()))
        found |= {
            task: peak
            for task, peak in peaks.by_task.items()
            if ends[task] + TASK_ENDS_SECONDS <= peaks.read_until
        }
        if peaks.note:
            notes[peaks.note] = None
    return found, list(notes)


def _clusters(places: Places, outcome: Outcome, notes: dict[str, None]) -> Iterable[str]:
    """The clusters where the run may have run. Notes why they aren't known."""
    try:
        return places.of(outcome)
    except Unknown as unknown:
        notes[str(unknown)] = None
        return ()
