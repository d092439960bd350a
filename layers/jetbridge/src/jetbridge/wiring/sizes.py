"""The services of advice on sizes: finish_run reads it, sweep_runs writes it."""

import time
from collections.abc import Callable
from functools import partial

from jetbridge.aws.clients import client
from jetbridge.contract import Outcome
from jetbridge.sizing.batch import Clusters
from jetbridge.sizing.cloudwatch import PerformanceEvents
from jetbridge.sizing.dynamodb import DynamoSizes, SizeAdvice
from jetbridge.sizing.groups import group_of
from jetbridge.sizing.survey import Survey, Surveyed
from jetbridge.wiring.parts import settings
from jetbridge.wiring.telemetry import logger

# Sealing waits for this read.
TIMEOUT_SECONDS = 1
# What a survey needs after its last page of events.
WRITE_SECONDS = 10


def size_advice() -> Callable[[Outcome], str]:
    """The advice on the group of an outcome; "" if there is none."""
    once = client("dynamodb", repeats=False, timeout_seconds=TIMEOUT_SECONDS)
    read = SizeAdvice(once, settings().outcomes_table, logger.warning)

    def advice(outcome: Outcome) -> str:
        group = group_of(outcome)
        return read(group.key) if group is not None else ""

    return advice


def survey(day: str | None, remaining: Callable[[], float]) -> Surveyed:
    """Survey a day, as ``Survey`` does."""
    service = Survey(
        DynamoSizes(client("dynamodb"), settings().outcomes_table),
        Clusters(partial(client, "batch")),
        PerformanceEvents(client("logs"), remaining=lambda: remaining() - WRITE_SECONDS),
        logger.info,
        time.time,
    )
    return service(day, remaining)
