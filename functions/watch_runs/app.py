"""watch_runs: answers how far runs are, and records which Airflow task waits for their end."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.admission.principals import Principal
from jetbridge.contract import WatchRequest, decode_request, to_builtins
from jetbridge.wiring import watch_runs as wiring
from jetbridge.wiring.telemetry import count, logger, observed, refusals_counted


@observed
@refusals_counted()
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes a ``WatchRequest``, returns a ``WatchAnswer`` (docs/reference/contract.md)."""
    request = decode_request(WatchRequest, event)
    answer = wiring.watch()(request, Principal.of_function(context.invoked_function_arn))
    for run_id in request.run_ids:
        run = answer.runs.get(run_id)
        status = "unknown" if run is None else run.status
        logger.info("run watched", run_id=run_id, status=status, waits=request.caller is not None)
    count("RunsWatched", len(answer.runs))
    return to_builtins(answer)
