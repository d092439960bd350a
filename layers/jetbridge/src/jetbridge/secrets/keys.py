"""Private keys as text, in the formats of RFC 7468, OpenSSH, PGP, SSH2 and PuTTY."""

import re

from jetbridge.secrets.forms import MASK
from jetbridge.secrets.lazy import lazy

_BEGIN = lazy(
    r"-{4,5} ?BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-{0,5}(?: ?-{4})?", re.IGNORECASE
)
_END = lazy(
    r"-{4,5} ?END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?(?: ?-{4,5})?", re.IGNORECASE
)
# PuTTY's manual, "PPK file format": this many lines of base64 follow.
_PUTTY = lazy(r"Private-Lines: ?(?P<lines>\d{1,3})")
# A line of a key: base64 or a header of RFC 1421 or RFC 4880. A logger may have put text before it.
_BODY = lazy(r"(?:^|[\s\"'|>])(?:[A-Za-z0-9+/]{24,}+=*+|=[A-Za-z0-9+/]{4})[\"',\\\s]*$")
_BASE64 = lazy(r"[A-Za-z0-9+/=]{1,128}")
_HEADERS = ("Proc-Type:", "DEK-Info:", "Version:", "Comment:", "Hash:")
# An RSA key of 16,384 bits has some 200 lines.
KEY_LINES = 250


def _names_key(text: str) -> bool:
    return "private key" in text.lower()


def has_private_key(text: str) -> bool:
    return _names_key(text) and _BEGIN.search(text) is not None


def masked_keys(line: str) -> str:
    """The line with ``***`` for each private key. A key without an end in this line is masked up to
    the line's end."""
    if not _names_key(line):
        return line
    out, copied = [], 0
    while begin := _BEGIN.search(line, copied):
        end = _END.search(line, begin.end())
        out += [line[copied : begin.start()], MASK]
        copied = end.end() if end else len(line)
    rest = line[copied:]
    end = _END.search(rest)
    return "".join([*out, f"{MASK}{rest[end.end() :]}" if end else rest])


def lines_in_keys(lines: list[str]) -> set[int]:
    """Which of the lines are inside a private key that begins or ends in another line.

    A key that has an end has it within ``KEY_LINES``. If the end or the beginning is missing, the
    lines that look like parts of a key count.
    """
    found: set[int] = set()
    at = 0
    marks = [n for n, line in enumerate(lines) if _names_key(line) or "Private-Lines" in line]
    for n in marks:
        if n < at:
            continue
        line = lines[n]
        if putty := _PUTTY.search(line):
            at = min(len(lines), n + 1 + int(putty["lines"]))
        elif opens(line):
            at = _end_of_key(lines, n + 1)
        elif _END.search(line):
            found.update(range(_begin_of_key(lines, n, at), n))
            continue
        else:
            continue
        found.update(range(n + 1, at))
    return found


def opens(line: str) -> bool:
    """Whether a key begins in the line and doesn't end in it."""
    begins = list(_BEGIN.finditer(line))
    return bool(begins) and _END.search(line, begins[-1].end()) is None


def _end_of_key(lines: list[str], start: int) -> int:
    stop = min(len(lines), start + KEY_LINES)
    for n in range(start, stop):
        if not _names_key(lines[n]):
            continue
        if _END.search(lines[n]):
            # masked_keys masks the end mark and leaves the rest of its line.
            return n
        if _BEGIN.search(lines[n]):
            break
    return next((n for n in range(start, stop) if not _may_be_body(lines[n])), stop)


def _begin_of_key(lines: list[str], end: int, at: int) -> int:
    first = end
    short = 1  # the last line of a key may have any length
    while first > max(at, end - KEY_LINES):
        if not _is_body(lines[first - 1]):
            if not short or " " in lines[first - 1].strip():
                break
            short -= 1
        first -= 1
    return first


def _may_be_body(line: str) -> bool:
    """After the beginning of a key, any line that is one word of base64."""
    return _is_body(line) or _BASE64.fullmatch(line.strip()) is not None


def _is_body(line: str) -> bool:
    return (
        not line.strip()
        or _BODY.search(line[-512:]) is not None
        or any(header in line[:200] for header in _HEADERS)
    )
