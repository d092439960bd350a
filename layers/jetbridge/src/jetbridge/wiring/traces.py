"""The export of traces, if the stack has an endpoint for them."""

from functools import cache, partial

from jetbridge.aws.clients import client
from jetbridge.contract import Outcome
from jetbridge.runs.run import Run
from jetbridge.traces.http import OtlpEndpoint
from jetbridge.traces.otlp import encoded
from jetbridge.traces.secretsmanager import headers_in
from jetbridge.traces.spans import spans_of
from jetbridge.wiring.telemetry import count, logger


class Traces:
    """Exports a run's spans. Errors are logged and counted, and never raised."""

    def __init__(self, endpoint: OtlpEndpoint, stack: str, region: str) -> None:
        self._endpoint = endpoint
        self._resource = {
            "service.name": "jetbridge",
            "jetbridge.stack": stack,
            "cloud.provider": "aws",
            "cloud.region": region,
        }

    def __call__(self, run: Run, outcome: Outcome) -> None:
        try:
            spans = spans_of(run, outcome)
            if spans and not self._endpoint.send(encoded(spans, self._resource)):
                count("TracesNotExported")
        except Exception as error:  # an error must not fail the run: its outcome is delivered
            count("TracesNotExported")
            logger.warning(f"the run's trace is not exported: {error}", run_id=run.run_id)


@cache
def traces(endpoint: str, secret_arn: str, stack: str, region: str) -> Traces:
    """One per process, because it remembers whether the endpoint failed recently."""
    if not secret_arn:
        return Traces(OtlpEndpoint(endpoint), stack, region)
    headers = partial(headers_in, partial(client, "secretsmanager"), secret_arn)
    return Traces(OtlpEndpoint(endpoint, headers), stack, region)
