"""The service of copy_logs."""

import time
from functools import cache

from jetbridge.aws import client
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.logs.copies import DynamoCopies
from jetbridge.logs.jobs import BatchRecords
from jetbridge.logs.s3 import S3Objects
from jetbridge.logs.streams import CloudWatchStreams
from jetbridge.services.copy import Copy
from jetbridge.services.copy_reading import Reading
from jetbridge.services.copy_stream import CopyStream
from jetbridge.wiring.close_live import close_live
from jetbridge.wiring.logs import logs_pacer
from jetbridge.wiring.parts import logs_queue, runs, settings


def copy() -> Copy:
    known = settings()
    copies = DynamoCopies(client("dynamodb"), known.runs_table)
    return Copy(
        runs=runs(),
        copy_stream=CopyStream(copies, reading(), known.settle_seconds, time.time),
        objects=S3Objects(lambda: client("s3")),
        streams=CloudWatchStreams(lambda: client("logs", repeats=False)),
        jobs=BatchRecords(lambda: client("batch")),
        queue=logs_queue(),
        region=known.region,
        log_prefix=known.log_prefix,
        close_live=close_live(),
    )


@cache
def reading() -> Reading:
    """One per process, since it knows of the throttles that were met. Throttled calls aren't
    repeated by the client: they are to slow down all readers. finish_run's reads go first."""
    source = CloudWatchLogs(lambda region: client("logs", region, repeats=False))
    return Reading(source, logs_pacer(yields=True))
