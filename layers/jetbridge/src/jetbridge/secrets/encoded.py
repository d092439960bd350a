"""Secrets in texts that are written in another way: percent-encoded (RFC 3986, 2.1; forms write a
space as ``+``) and in base64 (RFC 4648, both alphabets).

Each word is decoded at most ``LEVELS`` times, one encoding inside the other, so the time grows in
proportion to the line.
"""

import re
from binascii import Error, a2b_base64
from collections.abc import Callable

from jetbridge.secrets.forms import MASK, kept_ranges
from jetbridge.secrets.lazy import lazy

LEVELS = 2
_WORD = lazy(r"""[^\s"'<>`]+""")
# Of characters in ASCII. Others are parts of no name and of few secrets.
_ENCODED = lazy("%[0-7][0-9A-Fa-f]")
_PLACE = lazy("%[0-7][0-9A-Fa-f]|.", re.DOTALL)
# Fewer characters hold no name with a secret. Padding ends a text.
_BASE64 = lazy(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}+={0,2}")
_HEAD = 24
_STANDARD = str.maketrans("-_", "+/")

Mask = Callable[[str], str]


def masked_encoded(line: str, mask: Mask) -> str:
    """The line with ``***`` for what ``mask`` hides in its decoded words."""
    if "%" in line and _ENCODED.search(line):
        line = _WORD.sub(lambda word: _percent(word[0], mask), line)
    return _BASE64.sub(lambda run: _base64(run[0], mask), line)


def _percent(word: str, mask: Mask) -> str:
    """A word keeps its encoding around the masks."""
    if _ENCODED.search(word) is None:
        return word
    places = _PLACE.findall(word)
    plain = "".join(map(_decoded, places))
    shown = mask(plain)
    if shown == plain:
        return word
    ranges = kept_ranges(plain, shown)
    if ranges is None:
        return MASK
    return MASK.join("".join(places[begin:end]) for begin, end in ranges)


def _decoded(place: str) -> str:
    if place == "+":
        return " "
    return place if len(place) == 1 else chr(int(place[1:], 16))


def _base64(run: str, mask: Mask) -> str:
    head = _text(run[:_HEAD])
    if head is None:
        return run
    text = _text(run)
    return run if text is None or mask(text) == text else MASK


def _text(run: str) -> str | None:
    """The text in a run of base64; None if it holds no text in ASCII."""
    whole = run.rstrip("=").translate(_STANDARD)
    try:
        return a2b_base64(whole + "=" * (-len(whole) % 4)).decode("ascii")
    except (Error, UnicodeDecodeError):
        return None
