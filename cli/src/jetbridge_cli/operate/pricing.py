"""What the containers of runs cost on AWS, by list prices."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from jetbridge.contract import Outcome, Usage
from jetbridge.contract.fargate import MIB_PER_GB, price_of
from jetbridge.sizing.groups import who_asked
from jetbridge_cli.operate.record import Record, caller_text

_HOUR = 3600


class By(StrEnum):
    DAG = "dag"
    TASK = "task"
    DEFINITION = "definition"
    DAY = "day"


def launches_of(outcome: Outcome) -> list[tuple[Usage | None, bool]]:
    """What AWS bills for each launch, and whether another launch replaced it."""
    last: list[tuple[Usage | None, bool]] = []
    if outcome.backend_id is not None:
        last = [(outcome.usage, False)]
    return [(death.usage, True) for death in outcome.deaths if death.backend_id] + last


@dataclass
class Sum:
    """The sum for some runs, in US dollars.

    Attributes:
        total: for all launches that have a price.
        failed: for the last launches of runs that didn't succeed.
        replaced: for launches that were replaced.
        on_spot: how many launches ran on Fargate Spot. They are counted at the on-demand price.
        on_instances: how many launches ran on EC2 or elsewhere. They have no price.
        unknown: how many launches have no record, because an earlier release made them.
    """

    runs: int = 0
    vcpu_hours: float = 0
    gb_hours: float = 0
    total: float = 0
    failed: float = 0
    replaced: float = 0
    on_spot: int = 0
    on_instances: int = 0
    unknown: int = 0

    def add(self, outcome: Outcome) -> None:
        self.runs += 1
        for usage, was_replaced in launches_of(outcome):
            if usage is None:
                self.unknown += 1
                continue
            price = price_of(usage)
            if price is None:
                self.on_instances += 1
                continue
            self.on_spot += usage.spot is True
            self.vcpu_hours += usage.vcpu * usage.seconds / _HOUR
            self.gb_hours += usage.memory_mib / MIB_PER_GB * usage.seconds / _HOUR
            self.total += price
            if was_replaced:
                self.replaced += price
            elif outcome.state != "succeeded":
                self.failed += price


def summed(records: Iterable[Record], by: By) -> dict[str, Sum]:
    """Sums by name, the most expensive first. Unfinished runs aren't counted."""
    key = _KEYS[by]
    sums: dict[str, Sum] = defaultdict(Sum)
    for record in records:
        if record.outcome is not None:
            sums[key(record) or "(none)"].add(record.outcome)
    return dict(sorted(sums.items(), key=lambda each: (-each[1].total, each[0])))


def task_of(record: Record) -> str:
    """The Airflow task as ``dag.task``, or the other caller."""
    return who_asked(record.caller) if record.caller is not None else ""


def _day(record: Record) -> str:
    if record.outcome is None:
        return ""
    return datetime.fromtimestamp(record.outcome.finished_at, UTC).date().isoformat()


_KEYS: dict[By, Callable[[Record], str]] = {
    By.DAG: lambda record: record.dag_id or caller_text(record.caller),
    By.TASK: task_of,
    By.DEFINITION: lambda record: record.definition.rpartition(":")[0] or record.definition,
    By.DAY: _day,
}
