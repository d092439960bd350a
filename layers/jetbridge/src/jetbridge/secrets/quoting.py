"""Where a value begins and ends, whatever quotes, escapes and brackets the program used.

Every function reads forward from a given place. A caller either continues after the value, or reads
only a bounded part of it. So each line is read once from its beginning to its end.
"""

import re
from typing import NamedTuple

from jetbridge.secrets.lazy import lazy

# Quotes as programs print them: plain, escaped any number of times, doubled (CSV), as HTML
# entities, and as JSON code points.
QUOTE = r"""\\*+["'`]|&quot;|&\#3[49];|\\++u002[27]"""
# A type between a name and its value: str, t.Optional[str], str | None, Secret[str].
_TYPE = (
    r"(?:[a-z]{1,12}\.)?(?:str|string|String|bytes|Any|Optional|Union|Annotated|Final|Secret|SecretStr)"
    r"(?:\[[\w., |\[\]]{0,60}\])?(?:\s?\|\s?\w{1,20}){0,3}"
)
_OPEN = lazy(
    rf"""(?:[bBuUrRfF]{{1,2}}|[A-Za-z_][A-Za-z0-9_.]{{0,40}}\((?:[a-z_]{{1,20}}=)?
    |\([A-Za-z]{{1,12}}\)\s?|string\(\d{{1,9}}\)\s?|&?{_TYPE}\s?=\s?)?
    (?P<quote>"{{3}}|'{{3}}|""(?=[^\s,;:)}}\]"&])|''(?=[^\s,;:)}}\]'&])|{QUOTE})""",
    re.VERBOSE,
)
# Only from the beginning of a run of backslashes, so each run is read once.
_CLOSE = {mark: lazy(rf"(?<!\\)\\*+{mark}") for mark in ('"', "'", "`")}
# A look-up by name. It has no value unless a default follows: env("X", "default").
_LOOKUP = lazy(
    r"""(?:[A-Za-z_][\w.]{0,60}[._])?(?:env|getenv|Getenv|get|fetch|config|getProperty|getOrDefault|pop)
    \(\s?[bu]?(?P<mark>["'])[^"'\\]{1,80}(?P=mark)\s?(?P<more>,\s?(?:default\s?=\s?)?)?""",
    re.VERBOSE,
)
_BRACKET = lazy(r"""[bu]?[\[({]""")
_IN_BRACKETS = lazy(r"""(?P<text>"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?)|[\[({]|[\])}]""")
_IN_ESCAPED = lazy(r"(?P<text>(?!))|[\[({]|[\])}]")
_FIRST = lazy(r"""\\{0,8}["']""")
_OPENING = frozenset("[({")
# Up to white space. A comma, semicolon or & ends the value if it ends the word or another name
# follows. A bracket ends it if no more of the word follows. A quote ends it unless it is an
# apostrophe.
_NEXT_NAME = (
    r"""&?(?:amp;)?["']?[A-Za-z_][\w.-]{0,40}+(?:\[\w{0,40}\])?["']?\s?(?:=|:(?!//)|%3[Dd])"""
)
_ANOTHER = rf"""(?:[\s"'\\]|$|{_NEXT_NAME})"""
_BARE = lazy(
    rf"""(?:[^\s"'`&,;)\]}}<\\%|]++|'(?=\w)|[,;&](?!{_ANOTHER})|[)\]}}]++(?![\s,;"'&\\]|$)
    |<(?![/A-Za-z!])|\\(?!["'`nrtu])|%(?!26[A-Za-z_])|\|(?![\s|]|$))++""",
    re.VERBOSE,
)


class Span(NamedTuple):
    """The place of a value's text in the line, and how it was written.

    ``outer`` is where its quotes or brackets end.
    """

    start: int
    end: int
    outer: int
    quote: str = ""


def value_at(line: str, at: int) -> Span | None:
    """The value that begins there, or None if there is none."""
    opened = _OPEN.match(line, at)
    if opened:
        return _quoted(line, opened.end(), opened["quote"])
    if bracket := _BRACKET.match(line, at):
        return _bracketed(line, bracket.end())
    bare = _BARE.match(line, at)
    return Span(at, bare.end(), bare.end()) if bare else None


def behind_lookup(line: str, at: int) -> int | None:
    """Where the default of a look-up begins; ``at`` if there is no look-up, None if it has no
    default."""
    lookup = _LOOKUP.match(line, at)
    if lookup is None:
        return at
    if lookup["more"]:
        return lookup.end()
    return None if line.startswith(")", lookup.end()) else at


def opens_bracket(line: str, at: int) -> bool:
    return _BRACKET.match(line, at) is not None


def head_at(line: str, at: int, characters: int) -> str:
    """The first characters of the value that begins there; empty for a structure."""
    if opens_bracket(line, at):
        return ""
    part = line[at : at + characters + 50]
    span = value_at(part, 0)
    return part[span.start : span.end][:characters] if span else ""


def _quoted(line: str, start: int, quote: str) -> Span:
    mark = quote[-1]
    if mark not in _CLOSE or (len(quote) > 1 and "\\" not in quote):
        end = line.find(quote, start)
        return Span(start, end, end + len(quote), quote) if end >= 0 else _unclosed(line, start)
    depth = quote.count("\\")
    at = start
    while closing := _CLOSE[mark].search(line, at):
        backslashes = closing.end() - closing.start() - 1
        # Escaping doubles the backslashes and adds one: 0, 1, 3, 7 before the quotes of each depth.
        if backslashes < depth:
            return Span(start, closing.start(), closing.start(), quote)
        if backslashes % (2 * (depth + 1)) == depth:
            if depth or not _doubled(line, closing.end(), mark, start < closing.start()):
                return Span(start, closing.end() - 1 - depth, closing.end(), quote)
            at = closing.end() + 1
            continue
        at = closing.end()
    return _unclosed(line, start)


def _doubled(line: str, end: int, mark: str, inside: bool) -> bool:
    """SQL writes a quote inside a text twice."""
    return inside and mark == "'" and line.startswith(mark, end)


def _unclosed(line: str, start: int) -> Span:
    return Span(start, len(line), len(line), '"')


def _bracketed(line: str, start: int) -> Span:
    # Escaped quotes pair up by another rule, so only brackets are counted then.
    marks = _IN_ESCAPED if line.startswith("\\", start) else _IN_BRACKETS
    depth, at = 1, start
    while mark := marks.search(line, at):
        at = mark.end()
        if mark["text"] is not None:
            continue
        depth += 1 if mark[0] in _OPENING else -1
        if depth == 0:
            return _inside(line, start, mark.start(), at)
    return Span(start, len(line), len(line), "[")


def _inside(line: str, start: int, end: int, outer: int) -> Span:
    """The text inside a structure, without the quotes of its first and last string."""
    first = None if line[start - 1] == "{" else _FIRST.match(line, start, end)
    if first and line.endswith(first[0], first.end(), end):
        start, end = first.end(), end - len(first[0])
    return Span(start, end, outer, "[")
