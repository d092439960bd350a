"""The service of watch_runs."""

from jetbridge.aws.clients import client
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.watching.watch import Watch
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.parts import runs, settings


def watch() -> Watch:
    known = settings()
    return Watch(
        runs=runs(),
        outcomes=DynamoOutcomes(client("dynamodb"), known.outcomes_table),
        outcomes_table=known.outcomes_table,
        stop_function=known.stop_function,
        region=known.region,
        has_airflow_secret=bool(known.airflow_secret_arn),
    )


at_start(watch)
