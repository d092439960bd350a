"""What looks like a secret: names of variables, values, and lines of a log that have such."""

import re
from collections.abc import Iterable

MASK = "***"

_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secrets?|token|api_?key|(?:access|private|secret)_?key|"
    r"credentials?|connection_?string"
)
SECRET_NAME = re.compile(rf"(?:^|[_.-])(?:{_NAMES})$", re.IGNORECASE)
_KEY_BEGIN = r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
SECRET_VALUE = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # IAM user guide, "IAM identifiers": access key ids
    rf"|{_KEY_BEGIN}"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)

# name=value, name: value, "name": "value", --name value; the whole of a quoted value.
_NAMED = re.compile(
    rf"""(?<![A-Za-z0-9_.-])
    (?P<name>(?:--?)?(?:[A-Za-z0-9]+[_.-])*(?:{_NAMES}))
    (?P<between>\\?["']?\s*[:=]\s*|(?<=\w)[ ]+(?=\S))
    (?P<value>\\?"(?:[^"\\]|\\[^"])*\\?"|'(?:[^'\\]|\\.)*'|[^\s,;&"'}}\])]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_BEARER = re.compile(r"\b(?P<kind>Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_IN_KEY = re.compile(_KEY_BEGIN)
_KEY_END = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


def masked(lines: Iterable[str]) -> list[str]:
    """The lines of a log with ``***`` for each value that looks like a secret.

    Values of known forms (AWS access keys, private keys, tokens of GitHub and Slack, JSON web
    tokens, passwords in URLs, bearer tokens), and whatever stands behind a name like
    ``password=``. It is a net, not a wall: what a job prints is for all who may read its log.
    """
    found, in_key = [], False
    for line in lines:
        if in_key:
            in_key = _KEY_END.search(line) is None
            found.append(MASK)
            continue
        in_key = _IN_KEY.search(line) is not None and _KEY_END.search(line) is None
        found.append(_masked(line))
    return found


def _masked(line: str) -> str:
    line = SECRET_VALUE.sub(MASK, line)
    line = _BEARER.sub(rf"\g<kind> {MASK}", line)
    return _NAMED.sub(_hidden, line)


def _hidden(match: re.Match[str]) -> str:
    name, between = match["name"], match["between"]
    if not between.strip() and not name.startswith("-"):
        return match[0]
    return f"{name}{between}{MASK}"
