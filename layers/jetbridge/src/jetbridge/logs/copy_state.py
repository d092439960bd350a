"""How far the copy of one stream to one place has come."""

from msgspec import Struct

from jetbridge.logs.position import Position


class CopyState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has safely reached the copy's target. The next invocation continues from here.

    Attributes:
        version: counts the states of a copy from 1; 0: nothing has been saved.
        position: behind the last line that is at the target.
        lines: how many lines are at the target.
        upload: id of the S3 multipart upload; None: none has been begun.
        etags: of its parts, in their order. Ten thousand, which is as many as S3 takes, are
            350 KB: they fit a DynamoDB item (400 KB).
        size: bytes at the target: of those parts, or of the events.
        rejected: lines that CloudWatch Logs didn't take.
        stalls: invocations in a row that ran out of time without getting anything to the target.
        restarts: how often the copy began again, because what was at the target was gone.
        done: nothing is left to do.
    """

    version: int = 0
    position: Position = Position()
    lines: int = 0
    upload: str | None = None
    etags: list[str] = []
    size: int = 0
    rejected: int = 0
    stalls: int = 0
    restarts: int = 0
    done: bool = False
