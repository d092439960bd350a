"""start_run: accepts a run, from Airflow, an EventBridge schedule or rule, or a person."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.admission.principals import Principal
from jetbridge.contract import StartRequest, decode_request, to_builtins
from jetbridge.wiring import start_run as wiring
from jetbridge.wiring.telemetry import count, logger, observed, refusals_counted


@observed
@refusals_counted()
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes a ``StartRequest``, returns a ``StartAnswer`` (docs/reference/contract.md)."""
    arn = context.invoked_function_arn
    principal = Principal.of_function(arn)
    answer = wiring.start(arn)(decode_request(StartRequest, event), principal)
    logger.info("run accepted", run_id=answer.run_id, duplicate=answer.duplicate)
    for warning in answer.warnings:
        logger.warning("request accepted with a warning", run_id=answer.run_id, warning=warning)
    count("RunsRepeated" if answer.duplicate else "RunsAccepted")
    return to_builtins(answer)
