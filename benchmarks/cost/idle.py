"""What the stack costs in a month in which nothing runs."""

import json
import time
from dataclasses import dataclass

from benchmarks.cost.measuring import SWEEPER, Measuring
from benchmarks.cost.prices import usd
from benchmarks.errors import BenchmarkFailed
from benchmarks.size import sized
from jetbridge_local.site.stack import Stack

HOURS = 730  # in an average month, as AWS's pricing calculator counts
_SWEEPS = HOURS * 60
_AUDITS = HOURS
_RATES = {"rate(1 minute)": _SWEEPS, "rate(1 hour)": _AUDITS}
# "Lambda uses long polling" with five batches at a time (AWS Lambda developer guide, "Configuring
# scaling behavior for SQS event source mappings"); a long poll lasts up to 20 s (SQS API reference,
# ReceiveMessage, WaitTimeSeconds). How many pollers an idle queue keeps isn't written down.
_POLLERS = 5
_POLL_SECONDS = 20
_REPEATS = sized(5, 1)


@dataclass(frozen=True)
class Idle:
    """``amounts`` a month by kind of price."""

    amounts: dict[str, float]

    @property
    def usd_month(self) -> float:
        return usd(self.amounts)


def idle(stack: Stack, measuring: Measuring) -> Idle:
    """The amounts, from the stack's resources, and from sweeps and audits that find nothing.

    Raises BenchmarkFailed if a schedule has an unknown rate, or a sweep found something to do.
    """
    kinds = [kind for kind, _ in stack.resources.values()]
    queues = kinds.count("AWS::Lambda::EventSourceMapping")
    _check_schedules(stack)
    amounts: dict[str, float] = {
        "alarms": kinds.count("AWS::CloudWatch::Alarm"),
        "schedule_invocations": _SWEEPS + _AUDITS,
        "sqs_requests": queues * _POLLERS * HOURS * 3600 / _POLL_SECONDS,
    }
    metrics: set[str] = set()
    for event, times in (({}, _SWEEPS), ({"audit": True}, _AUDITS)):
        _invoke(stack, event)  # what follows is warm
        began = time.time()
        for _ in range(_REPEATS):
            _invoke(stack, event)
        used = measuring.used_since(began, functions=frozenset({SWEEPER}))
        count = used.invocations[SWEEPER]
        if count < _REPEATS:
            raise BenchmarkFailed(
                f"{count} of {_REPEATS} invocations of the sweeper are in its log"
            )
        for name, amount in used.paid.items():
            amounts[name] = amounts.get(name, 0) + amount / count * times
        metrics |= used.metrics
    amounts["custom_metrics"] = len(metrics)
    return Idle(amounts)


def _check_schedules(stack: Stack) -> None:
    scheduler = stack.client("scheduler")
    schedules = [
        physical.rsplit("|", 1)[-1].rsplit("/", 1)[-1]
        for kind, physical in stack.resources.values()
        if kind == "AWS::Scheduler::Schedule"
    ]
    rates = sorted(scheduler.get_schedule(Name=name)["ScheduleExpression"] for name in schedules)
    if rates != sorted(_RATES):
        raise BenchmarkFailed(f"schedules: {rates}, and only {sorted(_RATES)} are counted")


def _invoke(stack: Stack, event: dict[str, bool]) -> None:
    answer = stack.client("lambda").invoke(
        FunctionName=stack.functions[SWEEPER], Payload=json.dumps(event)
    )
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer or any(payload.values()):
        raise BenchmarkFailed(f"sweep of an idle stack: {payload}")
