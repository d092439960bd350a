"""Values behind a name that stands for a secret: ``password=``, ``"dbPassword":``, ``--token``."""

import re

from jetbridge.domain.secrets.forms import MASK, looks_random
from jetbridge.domain.secrets.lazy import lazy
from jetbridge.domain.secrets.names import NAME_CHARACTERS, Kind, kind_of
from jetbridge.domain.secrets.plain import is_code, is_plain, is_prose, is_word, starts_line
from jetbridge.domain.secrets.quoting import QUOTE, Span, head_at, opens_bracket, value_at

# A name is a whole run of its characters, so that each run is read once.
_PAIR = lazy(
    rf"""(?<![A-Za-z0-9_.$-])(?P<name>[A-Za-z0-9_.$-]++)(?P<shut>(?:{QUOTE})?["']?)\]?(?:\s(?:is|was)(?=:))?
    (?P<sep>\s*+(?:=>|->|={{1,3}}+(?!>)|:=|:(?![:/]/?)|%3[ADad]|\|(?=\s))\s*+)""",
    re.VERBOSE,
)
_SCHEME = lazy(
    r"(?P<scheme>Bearer|Basic|Digest|Token|Negotiate|NTLM|Splunk|ApiKey|GoogleLogin|AWS"
    r"|AWS4-[A-Z0-9-]{1,40}|[A-Z][A-Za-z0-9-]{2,30}(?=\s{1,4}\S{0,64}\d))(?P<space>\s++|:)(?=\S)",
    re.IGNORECASE,
)
_LONG_SCHEMES = ("aws4", "digest")
_COOKIE = lazy(
    r"(?P<name>(?<![^\s;])(?!(?i:path|domain|expires|max-age|samesite|version)=)[^\s=;]{1,128}+=)"
    r"[^;\s\"]++"
)
# The shell's own variables.
_DIRECTORIES = ("PWD", "OLDPWD")
_NAME_MEMBERS = frozenset({"name", "key", "parametername", "k", "variable"})
_VALUE_MEMBERS = frozenset({"value", "val", "v", "parametervalue", "stringvalue"})
_BLOCK = lazy(r"[|>][-+]?\d?\s*$")


class Named:
    """Masks values behind names, and remembers from a line what the next one is to a name.

    Attributes:
        waits: a line said that the secret's value comes in the next (``name: DB_PASSWORD``).
        block: the indentation of a name whose secret is a block of lines (YAML's ``|``).
    """

    def __init__(self) -> None:
        self.waits = False
        self.block: int | None = None

    def masked(self, line: str) -> str:
        if self._in_block(line):
            return f"{line[: len(line) - len(line.lstrip())]}{MASK}"
        waits, self.waits = self.waits, False
        out: list[str] = []
        copied = at = 0
        # Where a value is whose name may follow it, and whether a name waits for its value.
        early, named = -1, waits
        while pair := _PAIR.search(line, at):
            at = pair.end()
            short = pair["name"].lower().lstrip("-")
            if short in _NAME_MEMBERS:
                waits = kind_of(head_at(line, at, NAME_CHARACTERS).strip()) in _CERTAIN
                if waits and early >= copied and (span := value_at(line, early)):
                    out += [line[copied : span.start], MASK]
                    copied, waits = span.end, False
                named, early = early < 0, -1
                continue
            kind = kind_of(pair["name"])
            if short in _VALUE_MEMBERS:
                early, named = (-1 if named else at), False
                kind, waits = (Kind.PASSWORD if waits else None), False
            span = self._secret(line, pair, kind) if kind else None
            if span:
                out += [line[copied : span.start], _shown(line, span, kind)]
                copied = at = span.end
        self.waits = waits
        return "".join([*out, line[copied:]]) if out else line

    def _in_block(self, line: str) -> bool:
        if self.block is None:
            return False
        if not line.strip() or len(line) - len(line.lstrip()) > self.block:
            return bool(line.strip())
        self.block = None
        return False

    def _secret(self, line: str, pair: re.Match[str], kind: Kind) -> Span | None:
        separator, name = pair["sep"].strip(), pair["name"]
        if separator == "|" and not _of_aws(name):
            return None
        if pair["sep"] == ":" and line.startswith(":", pair.start() - 1):
            return None  # a part of an ARN: arn:aws:secretsmanager:...:secret:name
        if _BLOCK.match(line, pair.end()):
            self.block = len(line) - len(line.lstrip())
            return None
        if kind is Kind.HEADER:
            return _header(line, pair.end())
        if kind is Kind.RANDOM and not looks_random(head_at(line, pair.end(), NAME_CHARACTERS)):
            return None
        if _keeps_brackets(pair) and opens_bracket(line, pair.end()):
            return None
        span = value_at(line, pair.end())
        if span is None or span.start == span.end:
            return None
        if kind is Kind.COOKIE:
            end = span.end if span.quote else _end_of_header(line, span.start)
            return span._replace(end=end)
        return _whole(line, pair, span, kind)


_CERTAIN = (Kind.SECRET, Kind.PASSWORD)


def _keeps_brackets(pair: re.Match[str]) -> bool:
    """Credentials are a structure whose members have names of their own."""
    return pair["name"].lower().endswith(("credential", "credentials"))


def _whole(line: str, pair: re.Match[str], span: Span, kind: Kind) -> Span | None:
    value = line[span.start : span.end]
    if is_plain(value, kind is Kind.PASSWORD):
        return None
    if pair["name"] in _DIRECTORIES and value.startswith(("/", "~", "C:", "pwd")):
        return None
    if not span.quote:
        colon = pair["sep"].strip() == ":"
        if is_code(value, line, span.end, pair["name"]) or value == "not":
            return None
        if colon and is_prose(value, line, pair.start(), span.end, kind is Kind.PASSWORD):
            return None
        if kind is Kind.PASSWORD and colon and starts_line(line, pair.start()):
            return _phrase(line, span)
    return span


def _phrase(line: str, span: Span) -> Span:
    """A line that is one member of YAML: its value may have spaces, and a comment behind it."""
    rest = line[span.end :]
    if not rest.strip() or re.search(r"[=:,;{}\[\]\"']", rest):
        return span
    return span._replace(end=len(line[: span.end] + rest.split(" #")[0].rstrip()))


def _header(line: str, at: int) -> Span | None:
    span = value_at(line, at)
    if span is None or span.start == span.end:
        return None
    scheme = _SCHEME.match(line, span.start)
    if scheme is None:
        value = line[span.start : span.end]
        if is_plain(value, True) or is_word(value):
            return None
        return None if not span.quote and is_code(value, line, span.end, "") else span
    start = scheme.end()
    if scheme["scheme"].lower().startswith(_LONG_SCHEMES):
        end = span.end if span.quote else _end_of_header(line, start)
    elif span.quote:
        end = span.end
    else:
        inner = value_at(line, start)
        end = inner.end if inner else start
    return None if line[start:end] == MASK or start >= end else Span(start, end, end, span.quote)


def _end_of_header(line: str, start: int) -> int:
    ends = [at for mark in "\"'`" if (at := line.find(mark, start)) >= 0]
    return min(ends, default=len(line))


def _shown(line: str, span: Span, kind: Kind | None) -> str:
    if kind is Kind.COOKIE:
        return _COOKIE.sub(rf"\g<name>{MASK}", line[span.start : span.end])
    return MASK


def _of_aws(name: str) -> bool:
    return name.lower().endswith(("accesskey", "sessiontoken", "accesskeyid"))
