"""The functions' logger and metrics (names: docs/reference/operations.md)."""

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.contract import ContractError, Outcome, epoch
from jetbridge.runs.port import UnreadableRow
from jetbridge.wiring.log_keys import RunKeys

logger = Logger()
metrics = Metrics()
run_keys = RunKeys()
logging.getLogger(logger.name).addFilter(run_keys)
# Counters that are zero aren't sent, so an invocation without a metric needs no warning.
warnings.filterwarnings("ignore", "No application metrics to publish")


def _apply_log_level() -> None:
    """Let POWERTOOLS_LOG_LEVEL, the stack's parameter LogLevel, set the level.

    Otherwise, Powertools would prefer Lambda's own level (docs, "Logger", "Using AWS Lambda
    Advanced Logging Controls"), which always exists in JSON format. Lambda's level can't follow the
    parameter: at WARN, Lambda drops the metrics, which are lines without a level (Lambda developer
    guide, "Log-level filtering"). The libraries stay at INFO or above, because botocore's DEBUG
    lines contain whole requests and answers, including secrets.
    """
    level = getattr(logging, os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))
    logging.getLogger(logger.name).setLevel(level)
    logging.getLogger().setLevel(max(level, logging.INFO))


_apply_log_level()


Answer = TypeVar("Answer")
Handler = Callable[[Any, LambdaContext], Answer]


def observed(handler: Handler[Answer]) -> Handler[Answer]:
    """Make a handler whose lines have Lambda's and the run's keys, and whose metrics are sent."""

    @logger.inject_lambda_context
    @metrics.log_metrics
    @wraps(handler)
    def invoked(event: Any, context: LambdaContext) -> Answer:
        run_keys.begin()
        return handler(event, context)

    return invoked


def count(name: str, value: int = 1) -> None:
    """Add to one of Jetbridge's counters.

    Zero isn't sent. CloudWatch charges for a metric in each hour in which it has a value (Amazon
    CloudWatch pricing, "Metrics"), so a stack without runs pays for none.
    """
    if value:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def seconds(name: str, value: float) -> None:
    """Add one sample of a duration."""
    metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=value)


def unreadable(problem: ContractError) -> None:
    """Log and count a row or an AWS record that can't be read and was skipped."""
    count("RowsUnreadable" if isinstance(problem, UnreadableRow) else "RecordsUnreadable")
    logger.error(str(problem), run_id=getattr(problem, "run_id", ""))


@contextmanager
def refusals_counted() -> Iterator[None]:
    """Count a request that is refused. Also works as a handler's decorator."""
    try:
        yield
    except ContractError:
        count("RequestsRefused")
        raise


def lag(name: str, stopped_at: str | None, until: float) -> None:
    """Add one sample of the time since a container stopped (ISO 8601); None: it never ran."""
    stopped = epoch(stopped_at)
    if stopped is not None:
        seconds(name, max(0.0, until - stopped))


def finished(outcome: Outcome) -> None:
    """Log and count an outcome that is sealed and delivered, without the container's output."""
    count(f"Runs{outcome.state.value.capitalize()}")
    lag("StopToSealed", outcome.stopped_at, outcome.finished_at)
    lag("StopToDelivered", outcome.stopped_at, time.time())
    logger.info(
        "run finished",
        run_id=outcome.run_id,
        launch=outcome.launches,
        state=outcome.state,
        cause=outcome.cause,
        exit_codes=outcome.exit_codes,
        container_seconds=_between(outcome.started_at, outcome.stopped_at),
    )


def _between(started_at: str | None, stopped_at: str | None) -> float:
    """Seconds; 0 if the container never ran."""
    began, ended = epoch(started_at), epoch(stopped_at)
    return 0.0 if began is None or ended is None else max(0.0, ended - began)
