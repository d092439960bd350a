"""What a run of each kind and an idle month cost.

docs/figures/cost.json has figures as ``make bench ONLY=cost`` printed them.
"""

import json
from collections.abc import Mapping
from typing import Any

from documentation.pages import DOCS
from documentation.reference.markdown import table
from documentation.reference.measured import between

_BEGIN = "<!-- costs: make docs-tables -->"
_END = "<!-- end of costs -->"
_RATES_BEGIN = "<!-- rates: make docs-tables -->"
_RATES_END = "<!-- end of rates -->"
_RATES = (1, 10, 1_000)
_DAY_SECONDS = 86_400
_KINDS: Mapping[str, str] = {
    "ecs_minimal": "ECS, minimal",
    "ecs_7kb": "ECS, 7 KB of environment",
    "batch_minimal": "Batch, minimal",
    "batch_25kb": "Batch, 25 KB of environment, kept in S3",
    "ecs_relaunched": "ECS, interrupted and launched again",
    "ecs_live": "ECS, with live logs",
    "ecs_push": "ECS, resumed by a call of Airflow",
}
_FIGURES: Mapping[str, tuple[str, str]] = {
    "calls": ("AWS calls", "{:.0f}"),
    "writes": ("writes to DynamoDB", "{:.0f}"),
    "base_wcu": ("write units of tables", "{:.0f}"),
    "index_wcu": ("write units of indexes", "{:.0f}"),
    "lambda_gb_s": ("Lambda, GB-seconds", "{:.3f}"),
    "usd_per_1000": ("USD for 1,000 runs", "{:.3f}"),
}
_PARTS: Mapping[str, str] = {
    "alarms": "alarms",
    "sqs_requests": "polls of empty queues",
    "lambda_gb_s": "sweeper, time",
    "lambda_requests": "sweeper, invocations",
    "read_units": "sweeper, reads of tables",
    "schedule_invocations": "sweeper, its schedules",
    "log_bytes": "sweeper, its log",
    "write_units": "writes of tables",
    "custom_metrics": "metrics",
}


def cost_page() -> str:
    """docs/how-to/cost.md with the tables as the figures are."""
    recorded = _recorded()
    text = (DOCS / "how-to" / "cost.md").read_text()
    return between(text, _BEGIN, _END, f"{_runs(recorded)}\n\n{_idle(recorded)}")


def limits_page() -> str:
    """docs/explanation/limits.md with the cost and the writes of some rates of runs."""
    text = (DOCS / "explanation" / "limits.md").read_text()
    return between(text, _RATES_BEGIN, _RATES_END, _rates(_recorded()["ecs_minimal"]))


def _recorded() -> Mapping[str, Any]:
    figures: Mapping[str, Any] = json.loads((DOCS / "figures" / "cost.json").read_text())["figures"]
    return figures


def _rates(run: Mapping[str, float]) -> str:
    rows = [
        (
            f"{rate:,}",
            f"{rate * run['base_wcu']:,.0f}",
            f"{rate * run['index_wcu']:,.0f}",
            f"{rate * run['usd_per_1000'] / 1_000 * _DAY_SECONDS:,.0f}",
        )
        for rate in _RATES
    ]
    titles = ("runs a second", "write units of tables a second", "of indexes", "USD a day")
    return table(titles, rows)


def _runs(recorded: Mapping[str, Any]) -> str:
    rows = [
        (title, *(shown.format(recorded[kind][name]) for name, (_, shown) in _FIGURES.items()))
        for kind, title in _KINDS.items()
    ]
    return table(("a run, with its log copied", *(title for title, _ in _FIGURES.values())), rows)


def _idle(recorded: Mapping[str, Any]) -> str:
    """Raises KeyError for something paid that has no name here."""
    parts = sorted(recorded["idle_usd_month_for"].items(), key=lambda part: -part[1])
    rows = [(_PARTS[name], f"{usd:.2f}") for name, usd in parts if usd]
    total = f"{recorded['idle_usd_month']:.2f}"
    return table(("a month without runs", "USD"), [*rows, ("together", total)])
