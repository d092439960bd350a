"""The figures of each kind: of several runs, the one in the middle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from benchmarks.cost.idle import Idle
from benchmarks.cost.prices import prices, usd
from benchmarks.cost.usage import Usage
from benchmarks.errors import BenchmarkFailed


def in_the_middle(runs: Sequence[Usage]) -> Usage:
    """The run with the median number of calls, and among these of GB-seconds."""
    ordered = sorted(runs, key=lambda run: (run.all_calls, run.gb_seconds))
    return ordered[(len(ordered) - 1) // 2]


def figures(kinds: Mapping[str, Usage], idle: Idle) -> dict[str, Any]:
    """Raises BenchmarkFailed if a figure is missing: a run without calls or time isn't one."""
    found: dict[str, Any] = {}
    for name, run in kinds.items():
        found[name] = {
            "calls": run.all_calls,
            "writes": run.writes,
            "index_wcu": run.index_wcu,
            "base_wcu": run.base_wcu,
            "lambda_gb_s": round(run.gb_seconds, 4),
            "usd_per_1000": round(usd(run.paid) * 1000, 4),
        }
        missing = [figure for figure, value in found[name].items() if not value]
        if missing:
            raise BenchmarkFailed(f"{name}: nothing was counted of {', '.join(missing)}")
    return found | {
        "idle_usd_month": round(idle.usd_month, 2),
        "idle_usd_month_for": {
            name: round(usd({name: amount}), 2) for name, amount in idle.amounts.items()
        },
    }


def table(kinds: Mapping[str, Usage], idle: Idle) -> Table:
    shown = Table(title="Cost", caption=_caption(kinds, idle))
    shown.add_column("a run, functions warm")
    for name in kinds:
        shown.add_column(name, justify="right")
    rows: dict[str, list[str]] = {}

    def row(name: str, values: Sequence[float], digits: int = 0) -> None:
        rows[name] = [f"{value:.{digits}f}" for value in values]

    runs = list(kinds.values())
    row("AWS calls", [run.all_calls for run in runs])
    for function in sorted({function for run in runs for function, _, _ in run.calls}):
        row(f"  by {function}", [_sum(run.calls, 0, function) for run in runs])
    operations = sorted({(service, name) for run in runs for _, service, name in run.calls})
    for service, name in operations:
        row(f"  {service} {name}", [run.calls_of(service, name) for run in runs])
    row("writes to DynamoDB", [run.writes for run in runs])
    row("write units of tables", [run.base_wcu for run in runs])
    row("write units of indexes", [run.index_wcu for run in runs])
    row("read units", [run.read_units for run in runs], 1)
    row("SQS requests: sends and EventBridge's", [run.sent for run in runs])
    row("SQS requests of Lambda's pollers", [run.polled for run in runs])
    row("events of ECS and Batch", [run.changes for run in runs])
    row("events announced", [run.calls_of("events", "PutEvents") for run in runs])
    row("Lambda invocations", [sum(run.invocations.values()) for run in runs])
    row("CPU ms", [run.cpu_ms for run in runs])
    row("GB-seconds", [run.gb_seconds for run in runs], 3)
    row("log bytes of the functions", [run.log_bytes for run in runs])
    row("US$ per 1,000 runs", [usd(run.paid) * 1000 for run in runs], 4)
    for name, values in rows.items():
        shown.add_row(name, *values)
    return shown


def _sum(calls: Counter[tuple[str, str, str]], index: int, value: str) -> int:
    return sum(count for key, count in calls.items() if key[index] == value)


def _caption(kinds: Mapping[str, Usage], idle: Idle) -> str:
    parts = sorted(
        ((usd({name: amount}), name) for name, amount in idle.amounts.items()), reverse=True
    )
    spent = ", ".join(f"{name} {cost:.2f}" for cost, name in parts if cost >= 0.005)
    paid = idle.amounts.keys() | {name for run in kinds.values() for name in run.paid}
    unsourced = [name for name in sorted(paid) if prices()[name].checked.startswith("unsourced")]
    unverified = f"; unverified: {', '.join(unsourced)}" if unsourced else ""
    return (
        "List prices of us-east-1 (prices.toml), without containers, their logs and storage"
        f"{unverified}.\n"
        f"Idle: US$ {idle.usd_month:.2f} a month: {spent}."
    )
