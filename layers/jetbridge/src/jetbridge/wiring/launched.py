"""The launched and waiting records, for the services that know what they tell."""

from jetbridge.aws import client
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.services.launched import TellLaunched
from jetbridge.services.waits import TellWaiting
from jetbridge.wiring.parts import settings


def tell_launched() -> TellLaunched:
    known = settings()
    return TellLaunched(DynamoOutcomes(client("dynamodb"), known.outcomes_table), known.region)


def tell_waiting() -> TellWaiting:
    return TellWaiting(DynamoOutcomes(client("dynamodb"), settings().outcomes_table))
