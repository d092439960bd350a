"""The service of copy_logs."""

import time
from functools import cache

from jetbridge.aws import client
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.logs.copies import DynamoCopies
from jetbridge.logs.jobs import BatchRecords
from jetbridge.logs.s3 import S3Objects
from jetbridge.logs.streams import CloudWatchStreams
from jetbridge.pacing.dynamodb import DynamoPacer, Pace
from jetbridge.services.copy import Copy
from jetbridge.services.copy_reading import Reading
from jetbridge.services.copy_stream import CopyStream
from jetbridge.wiring.close_live import close_live
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
    repeated by the client: they are to slow down all readers."""
    known = settings()
    source = CloudWatchLogs(lambda region: client("logs", region, repeats=False))
    paces = _Paces(Pace.of(known.log_reads_per_second))
    return Reading(source, DynamoPacer(client("dynamodb"), known.runs_table, paces))


class _Paces(dict[str, Pace]):
    """The same pace for each region."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def __missing__(self, region: str) -> Pace:
        return self._pace
