"""The service of copy_logs."""

from jetbridge.aws import client
from jetbridge.logs.s3 import S3Logs
from jetbridge.services.copy import Copy
from jetbridge.wiring.logs import logs_source
from jetbridge.wiring.parts import runs, settings


def copy() -> Copy:
    known = settings()
    return Copy(runs(), logs_source(), S3Logs(client("s3")), known.region, known.settle_seconds)
