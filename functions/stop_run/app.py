"""stop_run: stops runs, asked directly (Airflow, a person) or through the stop queue."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.contract import StopRequest, decode, to_builtins
from jetbridge.sqs_batch import each_message
from jetbridge.telemetry import count, logger, metrics, refusals_counted
from jetbridge.wiring import stop_run as wiring


@logger.inject_lambda_context
@metrics.log_metrics
@refusals_counted()
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes a ``StopRequest`` and returns a ``StopAnswer``, or takes messages that are
    ``StopRequest``s."""
    if "Records" in event:
        return each_message(event, stop_runs)
    return stop_runs(event)


def stop_runs(message: dict[str, Any]) -> Any:
    answer = wiring.stop()(decode(StopRequest, message))
    logger.info("stop asked for", stopping=answer.stopping, already_ended=answer.already_ended)
    count("StopsRequested", len(answer.stopping))
    return to_builtins(answer)
