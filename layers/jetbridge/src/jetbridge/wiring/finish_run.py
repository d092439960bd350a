"""The service of finish_run."""

from jetbridge.aws import client
from jetbridge.bus.eventbridge import EventBridgeBus
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.services.finish import Finish
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.logs import hasty_logs, logs_pacer, logs_source
from jetbridge.wiring.parts import logs_queue, notify_queue, runs, settings


def finish() -> Finish:
    known = settings()
    pacer = logs_pacer()
    return Finish(
        runs=runs(),
        outcomes=DynamoOutcomes(client("dynamodb"), known.outcomes_table),
        source=logs_source(pacer),
        notices=notify_queue(),
        copies=logs_queue(),
        bus=EventBridgeBus(client("events")),
        region=known.region,
        settle_seconds=known.settle_seconds,
        stacks=known.finish,
        pacer=pacer,
        result_wait_seconds=known.result_wait_seconds,
    )


at_start(finish, lambda: hasty_logs(settings().region))
