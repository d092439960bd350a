"""How far a stream has been read, so that another invocation can continue."""

import hashlib

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.contract.lines import Line


class Position(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The line of a stream after which reading continues.

    CloudWatch Logs gives the lines of a stream in the order of their times, and those of one
    millisecond in the order in which they came. So a position names the last line by its time and
    by how many lines of that time there were, also when the page token has expired.

    Attributes:
        token: of the next page; None: the position isn't at the end of a page, or at the start.
        last: time of the last line that was read, epoch milliseconds; None: none was.
        count: how many lines of that time were read.
        ingested_at: when the latest line was taken in, epoch milliseconds.
        mark: of the last line's text (``mark_of``); None: nobody has noted it.
    """

    token: str | None = None
    last: int | None = None
    count: int = 0
    ingested_at: int = 0
    mark: str | None = None

    def without_token(self) -> "Position":
        return replace(self, token=None)

    def behind(self, lines: list[Line]) -> "Position":
        """The position behind lines that follow it."""
        if not lines:
            return self
        last = lines[-1].timestamp
        count = 0
        for line in reversed(lines):
            if line.timestamp != last:
                break
            count += 1
        if count == len(lines) and last == self.last:
            count += self.count
        return replace(self, last=last, count=count, mark=mark_of(lines[-1].message))


def mark_of(text: str) -> str:
    """A hash of a line's text, in 16 characters."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


class Seen:
    """Drops the lines that were already read, when reading starts again at the last line's time."""

    def __init__(self, position: Position) -> None:
        self._last = position.last
        self._left = 0 if position.token is not None or position.last is None else position.count

    @property
    def is_over(self) -> bool:
        """Whether all lines that were already read have been dropped."""
        return not self._left

    def drop(self, lines: list[Line]) -> list[Line]:
        dropped = 0
        while self._left and dropped < len(lines) and lines[dropped].timestamp == self._last:
            dropped += 1
            self._left -= 1
        if dropped < len(lines):
            self._left = 0
        return lines[dropped:]
