"""CloudWatch Logs, for the services that read what containers print."""

from jetbridge.aws import client
from jetbridge.logs.cloudwatch import CloudWatchLogs


def logs_source() -> CloudWatchLogs:
    return CloudWatchLogs(lambda region: client("logs", region))
