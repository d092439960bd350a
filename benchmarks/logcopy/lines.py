"""The lines of a made-up log: the same for the source that gives them and the check that reads
them back. They need no escapes in JSON."""

FIRST_TIMESTAMP = 1_772_323_200_000
# GetLogEvents' own limits (API reference).
PAGE_EVENTS = 10_000
PAGE_BYTES = 1_000_000
# The ä is of two bytes.
_TEXTS = tuple(
    ("  the quick brown fox jumps over the lazy dog ä" * 6)[:length]
    for length in (10, 45, 80, 110, 140, 170, 260)
)
LINES_PER_ROUND = len(_TEXTS)
BYTES_PER_ROUND = sum(10 + len(text.encode()) for text in _TEXTS)


def lines_in(megabytes: int) -> int:
    """The number of lines that have about this many megabytes (10^6 bytes)."""
    return megabytes * 1_000_000 * LINES_PER_ROUND // BYTES_PER_ROUND


def message(number: int) -> str:
    """The number, and some text."""
    return f"{number:010}{_TEXTS[number % LINES_PER_ROUND]}"


def timestamp(number: int) -> int:
    """Three lines in each millisecond."""
    return FIRST_TIMESTAMP + number // 3


def page_end(start: int, count: int) -> int:
    """Behind the last line of the page that begins with ``start``."""
    by_bytes = PAGE_BYTES * LINES_PER_ROUND // BYTES_PER_ROUND
    return min(count, start + min(PAGE_EVENTS, by_bytes))
