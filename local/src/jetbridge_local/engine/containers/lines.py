"""A byte stream as log lines."""

MAXIMUM_LINE_BYTES = 262_144 - 26
"""The length at which the awslogs driver cuts a line: CloudWatch Logs' 256 KiB, less 26 bytes for
each event.

``maximumBytesPerEvent`` in moby's daemon/logger/awslogs/cloudwatchlogs.go and in
shim-loggers-for-containerd's logger/awslogs/logger.go, which Fargate uses. (The 16 KiB of docker's
other drivers don't apply: awslogs sets its own buffer size.)
"""


class LineSplitter:
    """Cuts a stream of bytes into lines. As with awslogs, empty lines are dropped, because an event
    can't be empty."""

    def __init__(self, maximum: int = MAXIMUM_LINE_BYTES) -> None:
        self._maximum = maximum
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now, and the pieces of a line that is too long."""
        *whole, rest = (self._rest + data).split(b"\n")
        lines = [text for line in whole for text in self._cut(line)]
        while len(rest) > self._maximum:
            end = _boundary(rest, self._maximum)
            lines.append(_text(rest[:end]))
            rest = rest[end:]
        self._rest = rest
        return lines

    def close(self) -> list[str]:
        """The last line, if it doesn't end with a line feed."""
        rest, self._rest = self._rest, b""
        return list(self._cut(rest))

    def _cut(self, line: bytes) -> list[str]:
        pieces = []
        while line:
            end = _boundary(line, self._maximum)
            pieces.append(_text(line[:end]))
            line = line[end:]
        return pieces


def _boundary(line: bytes, maximum: int) -> int:
    """The last position at or just before ``maximum`` that isn't inside a UTF-8 character."""
    if len(line) <= maximum:
        return len(line)
    end = maximum
    while end > maximum - 4 and end > 1 and line[end] & 0b1100_0000 == 0b1000_0000:
        end -= 1
    inside = line[end] & 0b1100_0000 == 0b1000_0000
    return maximum if inside else end


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")
