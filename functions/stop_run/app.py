"""stop_run: stops runs, asked directly (Airflow, a person) or through the stop queue."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.admission.principals import Principal
from jetbridge.contract import StopAnswer, StopRequest, decode_request, to_builtins
from jetbridge.contract.stop import with_ids_as_text
from jetbridge.queues.messages import StopMessage, stop_or_orphan
from jetbridge.wiring import stop_run as wiring
from jetbridge.wiring.sqs_batch import each_message
from jetbridge.wiring.telemetry import count, logger, observed, refusals_counted


@observed
@refusals_counted()
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes a ``StopRequest`` and returns a ``StopAnswer``, or takes messages of the stop
    queue."""
    principal = Principal.of_function(context.invoked_function_arn)
    if isinstance(event, dict) and "Records" in event:
        principal.must_be_operator("Records")
        return each_message(event, stop_of_message)
    return logged(wiring.stop()(decode_request(StopRequest, with_ids_as_text(event)), principal))


def stop_of_message(message: dict[str, Any]) -> None:
    asked = stop_or_orphan(message)
    if isinstance(asked, StopMessage):
        logged(wiring.stop().of_message(asked))
        return
    orphan = asked.orphan
    logger.warning(
        "stopping a task or job by its id", backend_id=orphan.backend_id, reason=orphan.reason
    )
    wiring.stop_orphan()(orphan, asked.since)
    count("OrphansStopped")


def logged(answer: StopAnswer) -> Any:
    said = to_builtins(answer)
    for result in ("stopping", "already_ended", "unknown", "taken_over"):
        for run_id in said[result]:
            logger.info("stop asked for", run_id=run_id, result=result)
    for run_id, why in answer.refused.items():
        logger.error("run could not be stopped", run_id=run_id, reason=why)
    count("StopsRequested", len(answer.stopping))
    count("StopsRefused", len(answer.refused))
    return said
