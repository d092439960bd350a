"""CloudWatch Logs, for the services that read what containers print."""

from typing import TYPE_CHECKING

from jetbridge.aws.clients import client
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.pacing.dynamodb import DynamoPacer, Pace
from jetbridge.wiring.parts import settings

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# A read that hangs is over after twice this, once for the connection and once for the answer.
TIMEOUT_SECONDS = 3


def logs_source(pacer: DynamoPacer) -> CloudWatchLogs:
    """Throttled calls, and those that hang, are not repeated by the client: the run comes again."""

    def turn(region: str) -> None:
        pacer.wait_for_turn(f"logs#{region}", 1)

    return CloudWatchLogs(hasty_logs, turn)


def hasty_logs(region: str) -> "CloudWatchLogsClient":
    return client("logs", region, repeats=False, timeout_seconds=TIMEOUT_SECONDS)


def logs_pacer(yields: bool = False) -> DynamoPacer:
    """The allowance of GetLogEvents, shared by all who read; ``yields``: behind all others."""
    known = settings()
    paces = _Paces(Pace.of(known.log_reads_per_second))
    return DynamoPacer(client("dynamodb"), known.runs_table, paces, yields=yields)


class _Paces(dict[str, Pace]):
    """The same pace for each region."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def __missing__(self, region: str) -> Pace:
        return self._pace
