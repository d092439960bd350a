"""How copy_logs ends live logs."""

from typing import TYPE_CHECKING

from jetbridge.logs.live.close import CloseLive
from jetbridge.logs.live.s3 import S3Pieces
from jetbridge.wiring.live import live
from jetbridge.wiring.parts import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def close_live(s3: "S3Client") -> CloseLive | None:
    """Ends live logs with copy_logs' own S3 client; None in a stack without live logs."""
    known = settings()
    if not known.live_log_groups:
        return None
    groups = frozenset(known.live_log_groups)
    return CloseLive(live(), S3Pieces(s3), groups, known.region)
