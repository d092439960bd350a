"""The service of notify_airflow."""

from functools import cache

from jetbridge.aws.clients import client
from jetbridge.notify.accounts import Accounts
from jetbridge.notify.breaker import Breaker
from jetbridge.notify.http import HttpAirflows
from jetbridge.notify.notify import Notify
from jetbridge.notify.secretsmanager import SecretsManagerSecret
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.parts import notify_queue, runs, settings


def notify() -> Notify:
    known = settings()
    return Notify(
        runs=runs(),
        outcomes=DynamoOutcomes(client("dynamodb"), known.outcomes_table),
        airflows=airflows(),
        notices=notify_queue(),
        breaker=breaker(),
        stacks=known.finish,
    )


@cache
def airflows() -> HttpAirflows:
    """Calls Airflows. There is one per process: it keeps the secret, the tokens and the
    connections."""
    arn = settings().airflow_secret_arn
    secret = SecretsManagerSecret(lambda: client("secretsmanager"), arn) if arn else None
    return HttpAirflows(Accounts(secret))


@cache
def breaker() -> Breaker:
    return Breaker()


at_start(notify)
