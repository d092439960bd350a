"""The service of finish_run."""

from collections.abc import Callable
from functools import cache, partial

from jetbridge.aws.clients import client
from jetbridge.contract import Outcome
from jetbridge.logs.batch import BatchRecords
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.outcomes.eventbridge import EventBridgeBus
from jetbridge.outcomes.finish import Finish
from jetbridge.runs.run import Run
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.logs import TIMEOUT_SECONDS, hasty_logs, logs_pacer, logs_source
from jetbridge.wiring.parts import logs_queue, notify_queue, runs, settings
from jetbridge.wiring.settings import Settings

_hasty_batch = partial(client, "batch", repeats=False, timeout_seconds=TIMEOUT_SECONDS)


def finish() -> Finish:
    known = settings()
    pacer = logs_pacer()
    return Finish(
        runs=runs(),
        outcomes=DynamoOutcomes(client("dynamodb"), known.outcomes_table),
        source=logs_source(pacer),
        notices=notify_queue(),
        copies=logs_queue(),
        bus=EventBridgeBus(client("events"), known.stack_name),
        region=known.region,
        settle_seconds=known.settle_seconds,
        stacks=known.finish,
        pacer=pacer,
        result_wait_seconds=known.result_wait_seconds,
        jobs=BatchRecords(_hasty_batch),
        live=bool(known.live_log_groups),
        traces=_traces(known) if known.traces_endpoint else None,
        advise_on_size=_size_advice() if known.size_advice == "on" else None,
    )


@cache
def _size_advice() -> Callable[[Outcome], str]:
    # A stack without this advice doesn't import it.
    from jetbridge.wiring.sizes import size_advice

    return size_advice()


def _traces(known: Settings) -> Callable[[Run, Outcome], None]:
    # A stack without traces doesn't import them.
    from jetbridge.wiring.traces import traces

    return traces(known.traces_endpoint, known.traces_secret_arn, known.stack_name, known.region)


at_start(finish, lambda: hasty_logs(settings().region))
