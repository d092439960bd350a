"""The service of watch_runs."""

from jetbridge.aws.clients import client
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.watching.foreign import LookAtForeign
from jetbridge.watching.watch import Watch
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.backends import Backends, repeating_ecs
from jetbridge.wiring.parts import runs, settings


def watch() -> Watch:
    known = settings()
    outcomes = DynamoOutcomes(client("dynamodb"), known.outcomes_table)
    return Watch(
        runs=runs(),
        outcomes=outcomes,
        outcomes_table=known.outcomes_table,
        stop_function=known.stop_function,
        region=known.region,
        has_airflow_secret=bool(known.airflow_secret_arn),
        look_at_foreign=LookAtForeign(
            Backends(repeating_ecs),
            outcomes,
            known.stack_key,
            known.watched_cluster_arns,
            known.watched_job_queue_arns,
        ),
    )


at_start(watch)
