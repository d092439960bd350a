"""What the runs of a group used, day by day, and the advice that follows."""

from collections.abc import Mapping, Sequence

import msgspec

from jetbridge.contract import encode
from jetbridge.sizing.advice import Peak, Used, Verdict, advise, peak_of
from jetbridge.sizing.groups import Group

KEPT_DAYS = 14
"""On how many days' runs the advice is. Days without runs don't count."""

_WORTH_SAYING = (Verdict.SMALLER, Verdict.TIGHT)


class Day(msgspec.Struct, frozen=True, array_like=True):
    """What the runs of one group that ended on one day used.

    Attributes:
        runs: how many of them have data.
        hours: the billed hours of all of them.
        vcpu, memory_mib: the highest use in any minute.
    """

    runs: int
    hours: float
    vcpu: float
    memory_mib: float


Days = dict[str, Day]
"""By the day in UTC, as ``2026-11-23``."""


def day_of(runs: Sequence[Used]) -> Day:
    """The figures of one day's runs."""
    peaks = [peak for each in runs if (peak := peak_of(each)) is not None]
    return Day(
        runs=len(peaks),
        hours=sum(each.hours for each in runs),
        vcpu=max((each.vcpu for each in peaks), default=0.0),
        memory_mib=max((each.memory_mib for each in peaks), default=0.0),
    )


def kept(days: Days, day: str, figures: Day) -> Days:
    """The newest days with this one. A second pass over a day replaces its figures, so it counts
    no run twice."""
    known = days | {day: figures}
    return {each: known[each] for each in sorted(known)[-KEPT_DAYS:]}


def read_days(text: str | None) -> Days:
    """Days as they are stored. What can't be read counts as nothing known."""
    try:
        return msgspec.json.decode(text or "{}", type=Days)
    except msgspec.MsgspecError:
        return {}


def stored(days: Mapping[str, Day]) -> str:
    return encode(dict(days))


def advice_on_days(group: Group, days: Mapping[str, Day]) -> str:
    """The advice as a sentence; "" if the runs say nothing that should be changed."""
    runs = [
        Used(
            size=group.size,
            architecture=group.architecture,
            hours=each.hours,
            peak=Peak(each.vcpu, each.memory_mib) if each.runs else None,
            runs=each.runs,
        )
        for each in days.values()
    ]
    advice = advise(runs)
    return str(advice) if advice.verdict in _WORTH_SAYING else ""
