"""stop_run: stops runs, asked directly (Airflow, a person) or through the stop queue."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.contract import StopRequest, decode, to_builtins
from jetbridge.domain.orphans import Orphan
from jetbridge.sqs_batch import each_message
from jetbridge.telemetry import count, logger, metrics, refusals_counted
from jetbridge.wiring import stop_run as wiring


@logger.inject_lambda_context
@metrics.log_metrics
@refusals_counted()
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes a ``StopRequest`` and returns a ``StopAnswer``, or takes messages that are
    ``StopRequest``s or ``{"orphan": Orphan}``, both with a ``since`` if they had to wait."""
    if "Records" in event:
        return each_message(event, stop_of_message)
    return stop_runs(event)


def stop_of_message(message: dict[str, Any]) -> None:
    since = message.pop("since", None)
    if "orphan" not in message:
        stop_runs(message, since)
        return
    orphan = decode(Orphan, message["orphan"])
    logger.warning("container of no run", backend_id=orphan.backend_id, reason=orphan.reason)
    wiring.stop_orphan()(orphan, since)
    count("OrphansStopped")


def stop_runs(message: dict[str, Any], since: float | None = None) -> Any:
    answer = to_builtins(wiring.stop()(decode(StopRequest, message), since))
    logger.info("stop asked for", **{name: answer[name] for name in answer if name != "version"})
    count("StopsRequested", len(answer["stopping"]))
    return answer
