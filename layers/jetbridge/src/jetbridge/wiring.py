"""Puts the services together with their AWS adapters, as each function needs them."""

from functools import cache

from jetbridge.aws import client
from jetbridge.backends.batch import BatchBackend
from jetbridge.backends.ecs import EcsBackend
from jetbridge.backends.port import Backend
from jetbridge.bus.eventbridge import EventBridgeBus
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.logs.s3 import S3Logs
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.queues.sqs import SqsQueue
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.services.copy import Copy
from jetbridge.services.finish import Finish
from jetbridge.services.hand_over import HandOver
from jetbridge.services.launch import Launch
from jetbridge.services.policy import Policy
from jetbridge.services.start import Start
from jetbridge.services.stop import StopRuns
from jetbridge.services.sweep import Sweep
from jetbridge.services.track import Track
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


def _runs() -> DynamoRuns:
    return DynamoRuns(client("dynamodb"), settings().runs_table, settings().check_after_seconds)


def _hand_over() -> HandOver:
    return HandOver(_runs(), finish_queue())


class _Backends(dict[str, Backend]):
    """Makes the client of a backend only when a run of that backend comes."""

    def __missing__(self, backend: str) -> Backend:
        made: Backend = (
            EcsBackend(client("ecs")) if backend == "ecs" else BatchBackend(client("batch"))
        )
        self[backend] = made
        return made


def start() -> Start:
    known = settings()
    return Start(
        runs=_runs(),
        launches=launch_queue(),
        policy=Policy(known.log_bucket, known.log_prefix),
        outcomes_table=known.outcomes_table,
        stop_function=known.stop_function,
        region=known.region,
    )


def launch() -> Launch:
    return Launch(_runs(), _Backends(), _hand_over(), settings().stack_key)


def track() -> Track:
    return Track(_runs(), _hand_over(), settings().stack_key)


def finish() -> Finish:
    known = settings()
    return Finish(
        runs=_runs(),
        outcomes=DynamoOutcomes(client("dynamodb"), known.outcomes_table),
        source=_logs_source(),
        copies=logs_queue(),
        bus=EventBridgeBus(client("events")),
        region=known.region,
        settle_seconds=known.settle_seconds,
    )


def copy() -> Copy:
    known = settings()
    return Copy(_runs(), _logs_source(), S3Logs(client("s3")), known.region, known.settle_seconds)


def stop() -> StopRuns:
    return StopRuns(_runs(), _Backends())


def sweep() -> Sweep:
    known = settings()
    return Sweep(
        runs=_runs(),
        backends=_Backends(),
        track=track(),
        launches=launch_queue(),
        stops=stop_queue(),
        check_after_seconds=known.check_after_seconds,
    )


def _logs_source() -> CloudWatchLogs:
    return CloudWatchLogs(lambda region: client("logs", region))
