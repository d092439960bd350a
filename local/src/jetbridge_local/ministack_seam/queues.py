"""SQS: one lock for all that touches a queue, fair queues, and a poller that doesn't oversleep."""

import inspect
import logging
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from ministack.services import eventbridge, lambda_svc, sqs

from .fairness import FairOrder
from .roles import LAMBDA, Roles

logger = logging.getLogger(__name__)

# A delayed message, or one whose visibility time-out ends, wakes nobody: the event source
# mappings' poller finds it at its next look.
POLL_SECONDS = 0.2


def install(roles: Roles) -> None:
    """ministack locks a queue only against its own poller. Deliveries and the poller's deletes run
    in several threads and replace the list of messages, so one could undo another."""
    sqs._collect_msgs = _fairly(sqs._collect_msgs)
    lock = threading.RLock()
    sqs._queues_lock = lock
    for name in ("_act_send_message", "_collect_msgs", "_dlq_sweep", "_expire_retained"):
        setattr(sqs, name, _locked(lock, getattr(sqs, name)))
    for action, handler in sqs._HANDLERS.items():
        if not inspect.iscoroutinefunction(handler):
            sqs._HANDLERS[action] = _locked(lock, handler)
    eventbridge._dispatch_to_sqs = _locked(lock, eventbridge._dispatch_to_sqs)
    lambda_svc._sqs_esm_concurrency = _if_allowed(lambda_svc._sqs_esm_concurrency, roles)
    lambda_svc._esm_wake = _BriefSleeper(lambda_svc._esm_wake)


# AWS Lambda developer guide, "Creating and configuring an Amazon SQS event source mapping".
_POLLING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# Pollers ask for each pass; a role's policies change seldom.
_REMEMBERED_SECONDS = 1.0


def _if_allowed(concurrency: Callable[..., int], roles: Roles) -> Callable[..., int]:
    """A mapping polls its queue by the function's role, and only if that allows it to."""
    known: dict[tuple[str, str], tuple[float, bool]] = {}

    def refused(role: str, function: str, queue: str) -> bool:
        for action in _POLLING:
            if refusal := roles.refusal(LAMBDA, role, function, action, queue):
                logger.warning("%s isn't polled: %s", queue, refusal)
                return True
        return False

    @wraps(concurrency)
    def concurrency_if_allowed(esm: dict[str, Any], function: Any, config: Any, queue: Any) -> int:
        role, arn = config["Role"], esm["EventSourceArn"]
        until, denied = known.get((role, arn), (0.0, False))
        if until < time.monotonic():
            denied = refused(role, config["FunctionName"], arn)
            known[role, arn] = (time.monotonic() + _REMEMBERED_SECONDS, denied)
        return 0 if denied else int(concurrency(esm, function, config, queue))

    return concurrency_if_allowed


def _fairly(collect: Callable[..., Any]) -> Callable[..., Any]:
    """Messages of standard queues, chosen among their groups fairly."""
    order = FairOrder()

    @wraps(collect)
    def collect_fairly(q: dict[str, Any], max_n: int, vis_timeout: int) -> Any:
        if not q["is_fifo"] and any(message.get("group_id") for message in q["messages"]):
            q = {**q, "messages": order.first(q["attributes"]["QueueArn"], q["messages"], max_n)}
        return collect(q, max_n, vis_timeout)

    return collect_fairly


def _locked(lock: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def locked(*arguments: Any, **named: Any) -> Any:
        with lock:
            return function(*arguments, **named)

    return locked


class _BriefSleeper:
    """An event that is never waited for longer than POLL_SECONDS."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def set(self) -> None:
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    def wait(self, timeout: float) -> bool:
        return self._event.wait(min(timeout, POLL_SECONDS))
