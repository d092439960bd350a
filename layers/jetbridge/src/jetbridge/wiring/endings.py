"""The parts of the functions that end launches."""

from jetbridge.aws.clients import client
from jetbridge.concurrency.dynamodb import DynamoGroups
from jetbridge.concurrency.limits import limits_in
from jetbridge.launching.endings import Endings
from jetbridge.launching.hand_over import HandOver
from jetbridge.progress.waiting import WaitingWriter
from jetbridge.wiring.parts import finish_queue, launch_queue, runs, settings


def groups() -> DynamoGroups:
    known = settings()
    return DynamoGroups(client("dynamodb"), known.runs_table, limits_in(known.concurrency_groups))


def hand_over() -> HandOver:
    return HandOver(finish_queue(), groups())


def endings(waits: WaitingWriter | None = None) -> Endings:
    traced = bool(settings().traces_endpoint)
    return Endings(runs(), hand_over(), launch_queue(), waits=waits, keeps_pulls=traced)
