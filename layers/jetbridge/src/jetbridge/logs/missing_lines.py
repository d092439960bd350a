"""What a copy says in place of lines that are missing."""

from jetbridge.logs.port import StreamClosed, Unreadable
from jetbridge.queues.copies import LogPart


def unreadable(part: LogPart, error: Exception, begun: bool) -> str:
    """Why the stream can't be read. ``begun``: some of its lines are copied already."""
    stream = part.stream
    if isinstance(error, Unreadable) and not isinstance(error, StreamClosed):
        return f"Jetbridge can't read the log: {error}. {where(part)}"
    if isinstance(error, StreamClosed):
        return (
            f"Jetbridge may not read the log group {stream.group} in {stream.region}: list it in "
            f"the stack's ContainerLogGroupArns. {error}"
        )
    if begun:
        return f"Lines are missing: {where(part)} It has been deleted meanwhile."
    return (
        f"No log lines: stream {stream.stream} in {stream.group} ({stream.region}) does not exist."
    )


def where(part: LogPart) -> str:
    """Where the whole log is."""
    stream = part.stream
    return f"The log is stream {stream.stream} of the group {stream.group} in {stream.region}."


def late(part: LogPart, seconds: float) -> str:
    """Lines still arrived this long after the container had stopped."""
    return (
        f"Lines were still arriving {seconds:.0f} s after the container had stopped: later ones "
        f"may be missing here. {where(part)}"
    )
