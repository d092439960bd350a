"""The service of copy_logs."""

import time
from functools import cache
from typing import TYPE_CHECKING

from jetbridge.aws.clients import client
from jetbridge.logs.batch import BatchRecords
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.logs.cloudwatch_writer import CloudWatchStreams
from jetbridge.logs.copy import Copy
from jetbridge.logs.copy_stream import CopyStream
from jetbridge.logs.dynamodb import DynamoCopies
from jetbridge.logs.reading import Reading
from jetbridge.logs.s3 import S3Objects
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.close_live import close_live
from jetbridge.wiring.logs import logs_pacer
from jetbridge.wiring.parts import logs_queue, runs, settings

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client


def copy() -> Copy:
    known = settings()
    copies = DynamoCopies(client("dynamodb"), known.runs_table)
    return Copy(
        runs=runs(),
        copy_stream=CopyStream(copies, reading(), known.settle_seconds, time.time),
        objects=S3Objects(s3),
        streams=CloudWatchStreams(lambda: logs(known.region)),
        jobs=BatchRecords(lambda: client("batch")),
        queue=logs_queue(),
        region=known.region,
        log_prefix=known.log_prefix,
        close_live=close_live(s3()),
    )


@cache
def reading() -> Reading:
    """Reads logs. There is one per process, because it remembers throttles. Its client doesn't
    repeat throttled calls, since a throttle should slow down all readers. finish_run's reads go
    first."""
    return Reading(CloudWatchLogs(logs), logs_pacer(yields=True))


def s3() -> "S3Client":
    """S3. Parts of a log have several MB, and this function has more time than others."""
    return client("s3", timeout_seconds=15)


def logs(region: str) -> "CloudWatchLogsClient":
    return client("logs", region, repeats=False, timeout_seconds=10)


at_start(copy, lambda: logs(settings().region))
