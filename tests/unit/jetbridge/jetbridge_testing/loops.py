"""Lambda's guard against loops, and which functions it would stop.

Source: AWS Lambda developer guide, "Use Lambda recursive loop detection to prevent infinite loops":
a function that was invoked some 16 times in one chain of requests isn't invoked again, unless it
says ``RecursiveLoop: Allow``. The chain goes on through SQS, SNS, S3 and other functions.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from jetbridge.queues.port import GiveUp, NotYet
from jetbridge_testing.clock import Clock
from jetbridge_testing.queued import queued
from jetbridge_testing.template import get_att, granted, template

INVOCATIONS = 16
RECEIVES = 100
# What makes ECS, Batch and Jetbridge itself report something to EventBridge.
REPORTED = {
    "aws.ecs": {"ecs:RunTask", "ecs:StopTask"},
    "aws.batch": {"batch:SubmitJob", "batch:TerminateJob"},
    "jetbridge": {"events:PutEvents"},
}

Message = dict[str, Any]


def may_loop(function: str) -> bool:
    """Whether template.yaml takes a function out of the guard."""
    properties = template()["Resources"][function]["Properties"]
    return bool(properties.get("RecursiveLoop") == "Allow")


def guarded(function: str) -> bool:
    """Instead of ``may_loop``: as if no function said ``RecursiveLoop: Allow``."""
    return False


def _of(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: item["Properties"] for name, item in resources.items() if item["Type"] == kind}


def _statements(role: dict[str, Any]) -> Iterator[tuple[set[str], list[Any]]]:
    """Actions and resources of what a role allows under some parameters."""
    for given in granted(role):
        statement = given["Fn::If"][1] if "Fn::If" in given else given
        action, resource = statement["Action"], statement["Resource"]
        yield (
            {action} if isinstance(action, str) else set(action),
            resource if isinstance(resource, list) else [resource],
        )


def _named(arns: list[Any], all_of_kind: set[str]) -> set[str]:
    """Logical ids of what ARNs name: all, where one has a wildcard or is built of text."""
    plain = [arn for arn in arns if isinstance(arn, dict) and ("Fn::GetAtt" in arn or "Ref" in arn)]
    return all_of_kind if len(plain) < len(arns) else {get_att(arn) for arn in plain}


def _sources(function: dict[str, Any]) -> set[str]:
    events = function.get("Events", {}).values()
    return {get_att(event["Properties"]["Queue"]) for event in events if event["Type"] == "SQS"}


def feeds(resources: dict[str, Any]) -> dict[str, set[str]]:
    """By function: which functions are invoked by what it may do.

    Through the queues and functions that its policies name, through the destinations of its
    asynchronous invocations, and through the rules that hear what it makes ECS and Batch do.
    """
    functions = _of(resources, "AWS::Serverless::Function")
    queues = set(_of(resources, "AWS::SQS::Queue"))
    found: dict[str, set[str]] = {}
    for name, function in functions.items():
        reached: set[str] = set()
        for actions, arns in _statements(resources[get_att(function["Role"])]):
            if actions & {"sqs:SendMessage", "sqs:*"}:
                reached |= _named(arns, queues)
            if actions & {"lambda:InvokeFunction", "lambda:InvokeAsync"}:
                reached |= _named(arns, set(functions))
            for rule in _of(resources, "AWS::Events::Rule").values():
                sources = rule["EventPattern"].get("source", list(REPORTED))
                if any(actions & REPORTED.get(source, set()) for source in sources):
                    reached |= {get_att(target["Arn"]) for target in rule["Targets"]}
        invoked = function.get("EventInvokeConfig", {}).get("DestinationConfig", {})
        reached |= {get_att(destination["Destination"]) for destination in invoked.values()}
        found[name] = {
            other for other in functions if other in reached or _sources(functions[other]) & reached
        }
    return found


def on_circles(resources: dict[str, Any]) -> set[str]:
    """The functions that may, directly or through others, be the cause of their own invocation."""
    fed = feeds(resources)

    def reached_from(function: str) -> set[str]:
        reached: set[str] = set()
        todo = [function]
        while todo:
            fresh = fed[todo.pop()] - reached
            reached |= fresh
            todo += fresh
        return reached

    return {function for function in fed if function in reached_from(function)}


class Chains:
    """Queues, the functions that read them, and Lambda's guard, on a clock that jumps.

    Attributes:
        longest: by function, how often it was invoked in one chain of requests at most.
        dropped: messages that the guard stopped, with the function that it didn't invoke.
        dead: messages that were given up, with their reasons.
    """

    def __init__(self, clock: Clock, allowed: Callable[[str], bool] = may_loop) -> None:
        self.clock = clock
        self.longest: Counter[str] = Counter()
        self.dropped: list[tuple[str, Message]] = []
        self.dead: list[tuple[Message, str]] = []
        self.sent = 0
        self._allowed = allowed
        self._readers: dict[str, tuple[str, Callable[[Message], object]]] = {}
        self._waiting: list[tuple[float, int, str, Message, Counter[str], int]] = []
        self._numbers = itertools.count()
        self._chain: Counter[str] = Counter()

    def queue(self, function: str, handle: Callable[[Message], object] | None = None) -> "Link":
        """A queue that a function reads; ``handle`` may be given later, by ``read``."""
        if handle is not None:
            self.read(function, handle)
        return Link(self, function)

    def read(self, function: str, handle: Callable[[Message], object]) -> None:
        self._readers[function] = (function, handle)

    def post(self, function: str, message: Message, delay: float, receives: int = 0) -> None:
        at = self.clock() + delay
        item = (at, next(self._numbers), function, message, self._chain.copy(), receives)
        heapq.heappush(self._waiting, item)

    def run(self, until: float = float("inf")) -> "Chains":
        """Deliver what is due until then, and set the clock to that time."""
        while self._waiting and self._waiting[0][0] <= until:
            at, _, function, message, chain, receives = heapq.heappop(self._waiting)
            self.clock.now = max(self.clock.now, at)
            self._chain = chain
            self._chain[function] += 1
            self._invoke(function, message, receives)
            self._chain = Counter()
        if until < float("inf"):
            self.clock.now = max(self.clock.now, until)
        return self

    def _invoke(self, function: str, message: Message, receives: int) -> None:
        if self._chain[function] > INVOCATIONS and not self._allowed(function):
            self.dropped.append((function, message))
            return
        self.longest[function] = max(self.longest[function], self._chain[function])
        try:
            self._readers[function][1](message)
        except GiveUp as reason:
            self.dead.append((message, str(reason)))
        except NotYet as not_yet:
            assert receives + 1 < RECEIVES
            self._chain[function] -= 1
            self.post(function, message, not_yet.delay_seconds, receives + 1)


class Link:
    """``Queue`` of a ``Chains``."""

    def __init__(self, chains: Chains, function: str) -> None:
        self._chains = chains
        self._function = function

    def send(self, message: Any, delay_seconds: int = 0, group: str = "") -> None:
        assert 0 <= delay_seconds <= 900
        self._chains.sent += 1
        self._chains.post(self._function, queued(message), delay_seconds)
