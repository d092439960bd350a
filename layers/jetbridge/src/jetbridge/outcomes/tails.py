"""The last lines of a run's streams: the lines that an outcome shows, and the result in them."""

from typing import Any, NamedTuple

from jetbridge.aws.records import presentable
from jetbridge.contract import LogStream, StartRequest, advice_on, carried, encode
from jetbridge.contract.lines import reported_result
from jetbridge.runs.run import Definition
from jetbridge.secrets.lines import masked_tails, masked_text

# The result and the last lines together fit the event (256 KB, see fitting.py).
RESULT_BYTES = 128 * 1024
# The advice of an outcome has 4 KiB (fitting.py), which is room for the names of this many streams.
STREAMS_NAMED = 3
WHY_BYTES = 400


class Tail(NamedTuple):
    """The last lines of a container, or of an attempt.

    Attributes:
        unread: why the lines couldn't be read; empty if they were read.
        later: whether a later read may succeed.
    """

    stream: LogStream
    lines: list[str]
    unread: str = ""
    later: bool = False


def last_lines(tails: list[Tail], limit: int) -> list[str]:
    """Up to ``limit`` lines of each tail, with secrets masked. If there are several tails, each
    line begins with its container's name."""
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
    """The result that the last container or the last attempt reported. If the request names a
    container of the definition, only that container's result counts. Users of the stock operators
    sometimes put other texts in place of a container's name; then the last line of the essential
    container is the result.

    Returns:
        The result, and the unread tails because of which it isn't known. If there are such tails,
        the result is None. An unread sidecar doesn't matter unless the request names it.
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
    # A sidecar's last line is never the result.
    names = [tail.stream.container for tail in mine]
    chosen = next((name for name in names if name not in optional), names[0])
    last = [tail for tail in mine if tail.stream.container == chosen][-1]
    if last.unread:
        return None, [last]
    return reported_result(last.lines, last_line=True), []


def fitting_result(reported: object) -> tuple[object, str]:
    """The result in a form that Airflow can carry, and a sentence about what was changed."""
    result, problems = carried(reported)
    size = len(encode(result).encode())
    if size <= RESULT_BYTES:
        return result, advice_on(problems)
    return None, (
        f"The container's result has {size} bytes, over {RESULT_BYTES}: "
        "write it to S3 and report where it is."
    )


def unread_advice(tails: list[Tail]) -> str:
    """Which streams couldn't be read, and why; empty if all were read."""
    unread = [tail for tail in tails if tail.unread]
    if not unread:
        return ""
    sentences = [
        f"The last lines of container {tail.stream.container} (log stream {tail.stream.stream} of "
        f"group {tail.stream.group} in {tail.stream.region}) could not be read: {why(tail)}."
        for tail in unread[:STREAMS_NAMED]
    ]
    if len(unread) > STREAMS_NAMED:
        sentences.append(f"Nor could those of {len(unread) - STREAMS_NAMED} further log streams.")
    return " ".join([*sentences, "A result that was reported there isn't known."])


def why(tail: Tail) -> str:
    """Why a tail couldn't be read, as part of a sentence: one line, without secrets."""
    return " ".join(presentable(masked_text(tail.unread), WHY_BYTES).split()).rstrip(".")


def _known(container: str | None, definition: Definition | None) -> str | None:
    names = {source.container for source in definition.log_sources} if definition else set()
    return container if not names or container in names else None


def _optional(definition: Definition | None) -> set[str]:
    sources = definition.log_sources if definition else []
    return {source.container for source in sources if not source.essential}
