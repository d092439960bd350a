"""What most services stand on: the settings, the runs table, the queues."""

from functools import cache

from jetbridge.aws.clients import client
from jetbridge.concurrency.dynamodb import DynamoGroups
from jetbridge.concurrency.limits import limits_in
from jetbridge.launching.endings import Endings
from jetbridge.launching.hand_over import HandOver
from jetbridge.progress.waiting import WaitingWriter
from jetbridge.queues.copies import CopyMessage
from jetbridge.queues.messages import (
    FinishMessage,
    LaunchMessage,
    Notice,
    OrphanMessage,
    StopMessage,
)
from jetbridge.queues.sqs import SqsQueue
from jetbridge.wiring.noted_runs import NotedRuns, NotedTries
from jetbridge.wiring.settings import Settings


@cache
def settings() -> Settings:
    return Settings.from_environment()


def launch_queue() -> SqsQueue[LaunchMessage]:
    return SqsQueue(client("sqs"), settings().launch_queue_url)


def finish_queue() -> SqsQueue[FinishMessage]:
    return SqsQueue(client("sqs"), settings().finish_queue_url)


def logs_queue() -> SqsQueue[CopyMessage]:
    return SqsQueue(client("sqs"), settings().logs_queue_url)


def stop_queue() -> SqsQueue[StopMessage | OrphanMessage]:
    return SqsQueue(client("sqs"), settings().stop_queue_url)


def notify_queue() -> SqsQueue[Notice]:
    return SqsQueue(client("sqs"), settings().notify_queue_url)


def runs() -> NotedRuns:
    return NotedRuns(client("dynamodb"), settings().runs_table, settings().check_after_seconds)


def tries() -> NotedTries:
    return NotedTries(client("dynamodb"), settings().runs_table, settings().check_after_seconds)


def groups() -> DynamoGroups:
    known = settings()
    return DynamoGroups(client("dynamodb"), known.runs_table, limits_in(known.concurrency_groups))


def hand_over() -> HandOver:
    return HandOver(finish_queue(), groups())


def endings(waits: WaitingWriter | None = None) -> Endings:
    return Endings(runs(), hand_over(), launch_queue(), waits=waits)
