"""sweep_runs: each minute, finds runs that timed out, got stuck, or whose end was never
reported."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from jetbridge.wiring import sweep_runs as wiring
from jetbridge.wiring.telemetry import count, logger, observed

# What the sweep begins must end before Lambda's timeout.
LAST_SECONDS = 15


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Takes ``{"audit": true}`` for an audit; ``{"sizes": true}`` or ``{"sizes": "2026-11-23"}``
    for a survey of what yesterday's or that day's runs used; and anything else for a sweep. Returns
    what it did."""
    if isinstance(event, dict) and event.get("sizes"):
        return _survey(event["sizes"], context)
    seconds = context.get_remaining_time_in_millis() / 1000 - LAST_SECONDS
    auditing = isinstance(event, dict) and event.get("audit") is True
    did = asdict(wiring.audit()(seconds) if auditing else wiring.sweep()(seconds))
    logger.info("audited" if auditing else "swept", run_id="", **did)
    for name, number in did.items():
        kind = "Audit" if auditing else "Swept"
        count(f"{kind}{name.title().replace('_', '')}", number)
    return did


def _survey(day: Any, context: LambdaContext) -> dict[str, int]:
    from jetbridge.wiring.sizes import survey

    def remaining() -> float:
        return context.get_remaining_time_in_millis() / 1000 - LAST_SECONDS

    did = asdict(survey(day if isinstance(day, str) else None, remaining))
    logger.info("surveyed sizes", run_id="", **did)
    return did
