"""The last lines of a run's streams: what an outcome shows of them, and the result in them."""

from typing import Any, NamedTuple

from jetbridge.aws.records import presentable
from jetbridge.contract import LogStream, StartRequest, advice_on, carried, encode
from jetbridge.contract.lines import reported_result
from jetbridge.runs.run import Definition
from jetbridge.secrets.lines import masked_tails, masked_text

# With the last lines, what fits an EventBridge event (256 KB).
RESULT_BYTES = 128 * 1024
# The advice of an outcome has 4 KiB (fitting.py): so many streams are named one by one.
STREAMS_TOLD = 3
WHY_BYTES = 400


class Tail(NamedTuple):
    """The last lines of a container, or of an attempt.

    Attributes:
        unread: why they could not be read; empty: they were.
        later: they may be read later.
    """

    stream: LogStream
    lines: list[str]
    unread: str = ""
    later: bool = False


def last_lines(tails: list[Tail], limit: int) -> list[str]:
    """Up to ``limit`` of each, masked; with several, each line behind its container's name."""
    if limit == 0:
        return []
    shown = masked_tails([tail.lines for tail in tails], limit)
    ends = [(tail.stream, lines) for tail, lines in zip(tails, shown, strict=True)]
    if len(ends) == 1:
        return ends[0][1]
    return [f"{stream.container}: {line}" for stream, lines in ends for line in lines]


def result_in(
    tails: list[Tail], request: StartRequest, definition: Definition | None
) -> tuple[Any, list[Tail]]:
    """What the last container, or the last attempt, reports; of one container, if the request
    names one that the definition has. The stock operators' users write other things where a
    container's name is expected, and the last line of the essential container is theirs then.

    Returns:
        The result, and the tails without which it isn't known; None then. A sidecar that could
        not be read, and that nobody named, leaves it known.
    """
    named = _known(request.result_container, definition)
    mine = [tail for tail in tails if named in (None, tail.stream.container)]
    optional = _optional(definition)
    missing: list[Tail] = []
    for tail in reversed(mine):
        if tail.unread:
            if named or tail.stream.container not in optional:
                missing.append(tail)
            continue
        result = reported_result(tail.lines)
        if result is not None:
            return (None, missing) if missing else (result, [])
    if missing:
        return None, missing
    if not request.last_line_as_result or not mine:
        return None, []
    # A sidecar's last line is nobody's result.
    names = [tail.stream.container for tail in mine]
    chosen = next((name for name in names if name not in optional), names[0])
    last = [tail for tail in mine if tail.stream.container == chosen][-1]
    if last.unread:
        return None, [last]
    return reported_result(last.lines, last_line=True), []


def fitting_result(reported: object) -> tuple[object, str]:
    """The result as Airflow can carry it, and what to tell about it."""
    result, problems = carried(reported)
    size = len(encode(result).encode())
    if size <= RESULT_BYTES:
        return result, advice_on(problems)
    return None, (
        f"The container's result has {size} bytes, over {RESULT_BYTES}: "
        "write it to S3 and report where it is."
    )


def unread_advice(tails: list[Tail]) -> str:
    """What could not be read, of which streams, and why; empty if all was."""
    unread = [tail for tail in tails if tail.unread]
    if not unread:
        return ""
    told = [
        f"The last lines of container {tail.stream.container} (log stream {tail.stream.stream} of "
        f"group {tail.stream.group} in {tail.stream.region}) could not be read: {why(tail)}."
        for tail in unread[:STREAMS_TOLD]
    ]
    if len(unread) > STREAMS_TOLD:
        told.append(f"Nor could those of {len(unread) - STREAMS_TOLD} further log streams.")
    return " ".join([*told, "A result that was reported there isn't known."])


def why(tail: Tail) -> str:
    """Why a tail is unread, in one line without secrets, as part of a sentence."""
    return " ".join(presentable(masked_text(tail.unread), WHY_BYTES).split()).rstrip(".")


def _known(container: str | None, definition: Definition | None) -> str | None:
    names = {source.container for source in definition.log_sources} if definition else set()
    return container if not names or container in names else None


def _optional(definition: Definition | None) -> set[str]:
    sources = definition.log_sources if definition else []
    return {source.container for source in sources if not source.essential}
