"""The functions' logger and metrics (names: docs/operations.md)."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from jetbridge.contract import ContractError, Outcome
from jetbridge.runs.port import UnreadableRow

logger = Logger()
metrics = Metrics()


def _apply_log_level() -> None:
    """Let POWERTOOLS_LOG_LEVEL, the stack's parameter LogLevel, have the last word.

    Lambda's own level goes before it in Powertools (docs, "Logger", "Using AWS Lambda Advanced
    Logging Controls"), and in JSON format there always is one. It can't follow the parameter: at
    WARN, Lambda drops the metrics, which are lines without a level (Lambda developer guide,
    "Log-level filtering"). The libraries stay at INFO or above: botocore's DEBUG lines hold whole
    requests and answers, secrets among them.
    """
    level = getattr(logging, os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))
    logging.getLogger(logger.name).setLevel(level)
    logging.getLogger().setLevel(max(level, logging.INFO))


_apply_log_level()


def count(name: str, value: int = 1) -> None:
    """Add to one of Jetbridge's counters."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def seconds(name: str, value: float) -> None:
    """One sample of a time that something took."""
    metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=value)


def unreadable(problem: ContractError) -> None:
    """Log and count a row, or a record of AWS, that can't be read and was passed over."""
    count("RowsUnreadable" if isinstance(problem, UnreadableRow) else "RecordsUnreadable")
    logger.error(str(problem), run_id=getattr(problem, "run_id", ""))


@contextmanager
def refusals_counted() -> Iterator[None]:
    """Count a request that is refused, also as a handler's decorator."""
    try:
        yield
    except ContractError:
        count("RequestsRefused")
        raise


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
