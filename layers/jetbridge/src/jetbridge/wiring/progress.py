"""The writers of the launched and waiting records."""

from jetbridge.aws.clients import client
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.progress.launched import LaunchedWriter
from jetbridge.progress.waiting import WaitingWriter
from jetbridge.runs.answers import DynamoAnswers
from jetbridge.wiring.parts import settings


def launched_writer() -> LaunchedWriter:
    known = settings()
    outcomes = DynamoOutcomes(client("dynamodb"), known.outcomes_table)
    answers = DynamoAnswers(client("dynamodb"), known.runs_table, outcomes.launched_update)
    return LaunchedWriter(outcomes, known.region, answers)


def waiting_writer() -> WaitingWriter:
    return WaitingWriter(DynamoOutcomes(client("dynamodb"), settings().outcomes_table))
