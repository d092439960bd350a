"""CloudWatch Logs, for the services that read what containers print."""

from typing import TYPE_CHECKING

from jetbridge.aws.clients import client
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.pacing.dynamodb import DynamoPacer, Pace
from jetbridge.wiring.parts import settings

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# The timeouts of a read that hangs: one for the connection and one of the same length for the
# answer.
TIMEOUT_SECONDS = 3


def logs_source(pacer: DynamoPacer) -> CloudWatchLogs:
    """Reads CloudWatch Logs. Its client doesn't repeat calls that are throttled or hang: the run's
    message comes again."""

    def turn(region: str) -> None:
        pacer.wait_for_turn(f"logs#{region}", 1)

    return CloudWatchLogs(hasty_logs, turn)


def hasty_logs(region: str) -> "CloudWatchLogsClient":
    return client("logs", region, repeats=False, timeout_seconds=TIMEOUT_SECONDS)


def logs_pacer(yields: bool = False) -> DynamoPacer:
    """The shared rate of GetLogEvents for all readers; ``yields``: let the others go first."""
    known = settings()
    paces = _Paces(Pace.of(known.log_reads_per_second))
    return DynamoPacer(client("dynamodb"), known.runs_table, paces, yields=yields)


class _Paces(dict[str, Pace]):
    """The same pace for each region."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def __missing__(self, region: str) -> Pace:
        return self._pace
