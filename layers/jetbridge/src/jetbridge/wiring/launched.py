"""The launched records, for the services that know what a run was launched as."""

from jetbridge.aws import client
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.services.launched import TellLaunched
from jetbridge.wiring.parts import settings


def tell_launched() -> TellLaunched:
    known = settings()
    return TellLaunched(DynamoOutcomes(client("dynamodb"), known.outcomes_table), known.region)
