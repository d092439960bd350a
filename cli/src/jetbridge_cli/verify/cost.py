"""Computes the cost of a verification: the highest cost before it, and an estimate after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jetbridge.contract import Outcome
from jetbridge_cli.verify.checks import Check
from jetbridge_cli.verify.clock import epoch
from jetbridge_cli.verify.prices import usd

VCPU, MEMORY_GB = 0.25, 0.5
# AWS Fargate charges at least one minute (aws.amazon.com/fargate/pricing).
_LEAST_SECONDS = 60.0
_HOURS = 2
_HOURS_A_MONTH = 730  # the same as in AWS's pricing calculator
_STACKS = 2
# A generous estimate for one run. `make bench ONLY=cost` measures less.
_INVOCATIONS, _GB_SECONDS, _WRITES, _MESSAGES = 30, 3.0, 60, 60
_METRICS = 60
# Pollers ask their queue every 20 seconds, up to 5 pollers for each queue (AWS Lambda developer
# guide, "Using Lambda with Amazon SQS").
_POLLS = 6 * 5 * 180 * _HOURS
_LOG_GB = 0.1
_OBJECTS = 5_000


@dataclass(frozen=True)
class Item:
    """One line of the bill."""

    what: str
    quantity: float
    unit: str
    usd: float


def _item(what: str, quantity: float, unit: str, kind: str, each: float = 1) -> Item:
    """A line of the bill. One of this unit is ``each`` units of the price."""
    return Item(what, round(quantity, 3), unit, round(usd(kind, quantity * each), 5))


def at_most(checks: Sequence[Check], alarms: int) -> list[Item]:
    """The highest cost: every container runs for its longest time. ``alarms`` is the number of
    alarms of one stack."""
    seconds = sum(check.containers * check.container_seconds for check in checks)
    return _containers(seconds) + _beside(sum(check.containers for check in checks), alarms)


def estimated(outcomes: Iterable[Outcome], alarms: int) -> list[Item]:
    """The cost by the containers' real time. Everything else counts as in ``at_most``."""
    ran = [_seconds(outcome) for outcome in outcomes]
    return _containers(sum(ran)) + _beside(len(ran), alarms)


def total(items: Iterable[Item]) -> float:
    """The sum in US dollars."""
    return round(sum(item.usd for item in items), 2)


def _containers(seconds: float) -> list[Item]:
    hours = seconds / 3600
    return [
        _item("Fargate, processors", hours * VCPU, "vCPU-hour", "fargate_vcpu_hours"),
        _item("Fargate, memory", hours * MEMORY_GB, "GB-hour", "fargate_gb_hours"),
        _item("public addresses", hours, "address-hour", "public_ipv4_hours"),
    ]


def _beside(runs: int, alarms: int) -> list[Item]:
    hours = _STACKS * _HOURS
    month = 1 / _HOURS_A_MONTH
    requests = runs * _MESSAGES + _STACKS * _POLLS
    return [
        _item("alarms", alarms * hours, "alarm-hour", "alarms", month),
        _item("metrics", _METRICS * hours, "metric-hour", "custom_metrics", month),
        _item("functions, time", runs * _GB_SECONDS, "GB-second", "lambda_gb_s"),
        _item("functions, requests", runs * _INVOCATIONS, "request", "lambda_requests"),
        _item("tables", runs * _WRITES, "write unit", "write_units"),
        _item("queues", requests, "request", "sqs_requests"),
        _item("logs", _LOG_GB, "GB ingested", "log_bytes", 1e9),
        _item("objects", _OBJECTS, "request", "s3_puts"),
        _item("events", runs * 2, "event", "custom_events"),
    ]


def _seconds(outcome: Outcome) -> float:
    if outcome.started_at is None or outcome.stopped_at is None:
        return 0.0 if outcome.backend_id is None else _LEAST_SECONDS
    return max(_LEAST_SECONDS, epoch(outcome.stopped_at) - epoch(outcome.started_at))
