"""sweep_runs: each minute, finds what timed out, got stuck or was never reported."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.telemetry import count, logger, metrics
from jetbridge.wiring import sweep_runs as wiring


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Takes anything; returns what the sweep did."""
    swept = asdict(wiring.sweep()())
    logger.info("swept", **swept)
    for name, number in swept.items():
        count(f"Swept{name.title().replace('_', '')}", number)
    return swept
