"""The parts that most services share: the settings, the runs table, the queues."""

from functools import cache

from jetbridge.aws.clients import client
from jetbridge.queues.copies import CopyMessage
from jetbridge.queues.messages import (
    FinishMessage,
    LaunchMessage,
    Notice,
    OrphanMessage,
    StopMessage,
)
from jetbridge.queues.sqs import SqsQueue
from jetbridge.wiring.noted_runs import NotedRuns
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
