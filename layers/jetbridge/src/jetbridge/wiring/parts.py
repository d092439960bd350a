"""What most services stand on: the settings, the runs table, the queues."""

from functools import cache

from jetbridge.aws import client
from jetbridge.concurrency.dynamodb import DynamoGroups
from jetbridge.concurrency.limits import limits_in
from jetbridge.queues.sqs import SqsQueue
from jetbridge.runs.noted import NotedRuns, NotedTries
from jetbridge.services.endings import Endings
from jetbridge.services.hand_over import HandOver
from jetbridge.services.waits import TellWaiting
from jetbridge.settings import Settings


@cache
def settings() -> Settings:
    return Settings.from_environment()


def launch_queue() -> SqsQueue:
    return SqsQueue(client("sqs"), settings().launch_queue_url)


def finish_queue() -> SqsQueue:
    return SqsQueue(client("sqs"), settings().finish_queue_url)


def logs_queue() -> SqsQueue:
    return SqsQueue(client("sqs"), settings().logs_queue_url)


def stop_queue() -> SqsQueue:
    return SqsQueue(client("sqs"), settings().stop_queue_url)


def notify_queue() -> SqsQueue:
    return SqsQueue(client("sqs"), settings().notify_queue_url)


def runs() -> NotedRuns:
    return NotedRuns(client("dynamodb"), settings().runs_table, settings().check_after_seconds)


def tries() -> NotedTries:
    return NotedTries(client("dynamodb"), settings().runs_table, settings().check_after_seconds)


def groups() -> DynamoGroups:
    known = settings()
    return DynamoGroups(client("dynamodb"), known.runs_table, limits_in(known.concurrency_groups))


def hand_over() -> HandOver:
    return HandOver(runs(), finish_queue(), groups())


def endings(waits: TellWaiting | None = None) -> Endings:
    return Endings(runs(), hand_over(), launch_queue(), waits=waits)
