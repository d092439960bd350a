"""finish_run: seals the outcome of an ended run and delivers it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.contract import decode
from jetbridge.queues.messages import FinishMessage, Times
from jetbridge.wiring import finish_run as wiring
from jetbridge.wiring.parts import finish_queue
from jetbridge.wiring.sqs_batch import Message, each_message_and_times
from jetbridge.wiring.telemetry import finished, logger, observed


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes messages of the finish queue."""
    finish = wiring.finish()

    def remaining() -> float:
        return context.get_remaining_time_in_millis() / 1000

    def finish_run(message: Message, times: Times) -> None:
        run_id = decode(FinishMessage, message).run_id
        outcome = finish(run_id, times, remaining)
        if outcome is None:
            logger.warning("run has not ended", run_id=run_id)
            return
        finished(outcome)

    return each_message_and_times(event, finish_run, finish_queue())
