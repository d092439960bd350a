"""start_run: accepts a run, from Airflow, an EventBridge schedule or a person."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge import wiring
from jetbridge.contract import StartRequest, decode, to_builtins
from jetbridge.telemetry import count, logger, metrics


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes a ``StartRequest``, returns a ``StartAnswer`` (docs/contract.md)."""
    request = decode(StartRequest, event)
    answer = wiring.start()(request)
    logger.info("run accepted", run_id=answer.run_id, duplicate=answer.duplicate)
    count("RunsRepeated" if answer.duplicate else "RunsAccepted")
    return to_builtins(answer)
