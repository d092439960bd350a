"""What copy_logs does of live logs."""

from jetbridge.aws import client
from jetbridge.live.s3 import S3Pieces
from jetbridge.services.live.close import CloseLive
from jetbridge.wiring.live import live
from jetbridge.wiring.parts import settings


def close_live() -> CloseLive | None:
    """None in a stack without live logs."""
    known = settings()
    if not known.live_log_groups:
        return None
    groups = frozenset(known.live_log_groups)
    return CloseLive(live(), S3Pieces(client("s3")), groups, known.region)
