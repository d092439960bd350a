"""Secrets in HTTP headers: credentials after their scheme, and values of cookies."""

import re

from jetbridge.secrets.forms import MASK
from jetbridge.secrets.lazy import lazy
from jetbridge.secrets.names import Kind
from jetbridge.secrets.plain import is_code, is_plain, is_word
from jetbridge.secrets.quoting import Span, value_at

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
_HEADER_END = lazy("[\"'`]")


def header(line: str, at: int) -> Span | None:
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
        end = span.end if span.quote else end_of_header(line, start)
    elif span.quote:
        end = span.end
    else:
        inner = value_at(line, start)
        end = inner.end if inner else start
    return None if line[start:end] == MASK or start >= end else Span(start, end, end, span.quote)


def end_of_header(line: str, start: int) -> int:
    mark = _HEADER_END.search(line, start)
    return mark.start() if mark else len(line)


def shown(line: str, span: Span, kind: Kind | None) -> str:
    if kind is Kind.COOKIE:
        return _COOKIE.sub(rf"\g<name>{MASK}", line[span.start : span.end])
    return MASK
