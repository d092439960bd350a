"""The launched and waiting records, for the services that know what they tell."""

from jetbridge.aws.clients import client
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.progress.launched import LaunchedWriter
from jetbridge.progress.waiting import WaitingWriter
from jetbridge.wiring.parts import settings


def launched_writer() -> LaunchedWriter:
    known = settings()
    return LaunchedWriter(DynamoOutcomes(client("dynamodb"), known.outcomes_table), known.region)


def waiting_writer() -> WaitingWriter:
    return WaitingWriter(DynamoOutcomes(client("dynamodb"), settings().outcomes_table))
