"""The functions' logger and metrics (names: docs/operations.md)."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from jetbridge.contract import Outcome

logger = Logger()
metrics = Metrics()


def count(name: str, value: int = 1) -> None:
    """Add to one of Jetbridge's counters."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def finished(outcome: Outcome) -> None:
    """Log and count a sealed outcome, without what the container printed."""
    count(f"Runs{outcome.state.value.capitalize()}")
    logger.info(
        "run finished",
        run_id=outcome.run_id,
        state=outcome.state,
        cause=outcome.cause,
        exit_codes=outcome.exit_codes,
    )
