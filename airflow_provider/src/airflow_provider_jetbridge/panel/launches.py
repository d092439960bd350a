"""A run's launches and their cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_provider_jetbridge.panel.texts import seconds_of, shown, words
from jetbridge.contract import Outcome, Usage
from jetbridge.contract.fargate import MIB_PER_GB, price_of


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One launch in the panel's table."""

    number: int
    backend_id: str
    end: str
    why: str = ""
    size: str = ""
    billed: str = ""
    price: str = ""


def launches_of(outcome: Outcome) -> Iterable[Launch]:
    for death in outcome.deaths:
        yield Launch(
            number=death.launch,
            backend_id=shown(death.backend_id or "nothing was launched"),
            end=words(death.cause),
            why=shown(death.reason),
            **_usage(death.usage),
        )
    if outcome.backend_id is not None:
        yield Launch(
            number=outcome.launches,
            backend_id=shown(outcome.backend_id),
            end=words(outcome.cause),
            why=shown(outcome.reason),
            **_usage(outcome.usage),
        )


def _usage(usage: Usage | None) -> dict[str, str]:
    if usage is None:
        return {}
    price = price_of(usage)
    spot = " Spot" if usage.spot else ""
    return {
        "size": f"{usage.vcpu:g} vCPU, {usage.memory_mib / MIB_PER_GB:g} GB, "
        f"{shown(usage.launch_type)}{spot}",
        "billed": seconds_of(usage.seconds),
        "price": "" if price is None else f"${price:.6f}",
    }


def cost_of(outcome: Outcome) -> str:
    launched = [death.usage for death in outcome.deaths if death.backend_id]
    launched += [outcome.usage] if outcome.backend_id else []
    if not launched:
        return "Nothing was launched, so the container cost nothing."
    prices = [price_of(usage) for usage in launched if usage is not None]
    known = [price for price in prices if price is not None]
    if None in prices:
        return "It ran on instances: AWS bills the instances, so this run has no price of its own."
    if len(known) < len(launched):
        return "AWS's records don't say what AWS bills for each launch."
    lost = sum(known[:-1]) if len(known) > 1 else 0.0
    replaced = f", of which ${lost:.6f} for launches that were replaced" if lost else ""
    spot = any(usage is not None and usage.spot for usage in launched)
    on_spot = " Spot counts as on demand: it costs no more than that." if spot else ""
    return f"${sum(known):.6f} by Fargate's list price in us-east-1{replaced}.{on_spot}"
