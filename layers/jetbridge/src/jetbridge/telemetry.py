"""The functions' logger and metrics (names: docs/operations.md)."""

from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from jetbridge.contract import ContractError, Outcome
from jetbridge.runs.port import UnreadableRow

logger = Logger()
metrics = Metrics()


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
