"""Secrets with no separator between name and value: options of commands, SQL, XML, netrc."""

import re

from jetbridge.secrets.forms import MASK
from jetbridge.secrets.lazy import lazy
from jetbridge.secrets.names import kind_of, names_a_secret
from jetbridge.secrets.plain import begins_sentence, is_bare_name, is_plain
from jetbridge.secrets.quoting import Span, value_at

_FLAG = lazy(
    r"(?<![A-Za-z0-9_.-])(?P<name>--?[A-Za-z][A-Za-z0-9_.-]*+)"
    r"(?:[\"'],\s{0,8}+|\s{1,8}+)(?=[^\s-])"
)
# PostgreSQL's CREATE ROLE, Oracle's and MySQL's IDENTIFIED BY, Redshift's COPY, DuckDB's secrets.
_SQL = lazy(
    r"(?<![A-Za-z0-9_])(?P<name>(?i:(?:ENCRYPTED |UNENCRYPTED )?PASSWORD)(?=\s{1,8}')"
    r"|(?i:IDENTIFIED BY(?: PASSWORD)?|IDENTIFIED WITH [a-z0-9_']{1,40} (?:BY|AS))"
    r"|(?:SECRET_ACCESS_KEY|SESSION_TOKEN|KEY_ID|SECRET|AWS_SECRET_KEY|ACCESS_TOKEN)(?=\s{1,8}')"
    r"|PASSWORD(?=\(\s?'))(?P<space>\s{1,8}+|\(\s?)(?='|\"(?!\s))"
)
_NETRC = lazy(
    r"(?<![A-Za-z0-9_])(?P<before>login\s{1,8}[^\s,:]{1,128}\s{1,8}(?:password|passwd)\s{1,8})\S++"
)
_XML = lazy(r"<(?P<name>[A-Za-z][\w:.-]{0,64}+)(?:\s[^<>]{0,200}+)?>(?P<value>[^<]++)(?=</)")
_LOGIN = lazy(r"(?<=\s)(?P<before>-p[ =]?+[\"']?)[^\s\"'|&;]++")
_USER = lazy(r"(?<=\s)(?P<before>(?:-u|--user)[ =]?+[\"']?[^\s:\"']{1,64}+:)[^\s\"'|&;]++")
_ATTACHED = lazy(r"(?<=\s)(?P<before>-p[\"']?)(?=[^\s-])[^\s\"'|&;]++")
_SQLPLUS = lazy(r"(?<=\s)(?P<before>[^\s/@\"'-][^\s/@\"']{0,63}/)[^\s@\"']{1,128}+(?=@)")
# Commands with a password option of this form, and the part of the command's line before it.
_COMMANDS = (
    (lazy(r"(?<![\s-]-[UulL])(?<!--user)(?<!--username) login "), _LOGIN),
    (lazy(r"sshpass "), _LOGIN),
    (lazy(r"curl "), _USER),
    (lazy(r"(?<![\w.-])(?:mysql|mariadb)(?:-?[a-z]{1,12})? "), _ATTACHED),
    (lazy(r"(?<![\w.-])sqlplus "), _SQLPLUS),
)
# aws configure set, npm config set, Dockerfile's ENV and ARG, csh's setenv.
_SET = lazy(
    r"(?<![\w-])(?:config(?:ure)? set|ENV|setenv)\s{1,8}+(?P<name>[A-Za-z_][\w.:/-]{0,80}+)"
    r"\s{1,8}+(?=[^\s=-])"
)
# PHP's serialize() and var_dump(): s:8:"password";s:7:"...", ["password"]=> string(7) "...".
_PHP = lazy(
    r"[\"'](?P<name>[\w.-]{1,64}+)\\{0,8}[\"'](?:;s:\d{1,9}:|\]\s{0,4}+=>\s{0,4}+string\(\d{1,9}\)\s)"
    r"(?=\\{0,8}[\"'])"
)
# Calls that take a host or a DSN, a user and a password in this order.
_ARGUMENT = r"(?:\"[^\"]{0,200}+\"|'[^']{0,200}+'|[^,\"'()]{1,80}+)"
_CONNECT = lazy(
    r"(?<![\w])(?:PDO|mysqli|mysqli_connect|mysql_connect|getConnection)"
    rf"\(\s?{_ARGUMENT}\s?,\s?{_ARGUMENT}\s?,\s?(?=[\"'])"
)
_TUPLE = lazy(
    r"[\[(]\s?[bu]?(?P<quote>\\?[\"'])(?P<name>[A-Za-z0-9_.-]{1,64}+)(?P=quote)\s?,\s?"
    r"(?P<start>[bu]?(?P=quote))"
)
# Spark's list of its configuration.
_PROPERTY = lazy(r"\((?P<name>[A-Za-z0-9_.-]{1,128}+),(?P<value>[^\s,()]{3,512}+)(?=\))")
_CERTAIN = (_SQL, _CONNECT)
_NAME_TAGS = frozenset({"name", "key"})
_VALUE_TAGS = frozenset({"value", "string"})


def masked_spoken(line: str) -> str:
    if " -" in line or line.startswith("-") or '"-' in line or "'-" in line:
        line = _spanned(_commands(line), _FLAG)
    if "sqlplus" in line:
        line = _commands(line)
    if "set " in line or "ENV" in line or "setenv" in line:
        line = _spanned(line, _SET)
    if "'" in line or '"' in line:
        line = _spanned(line, _SQL)
        line = _spanned(line, _TUPLE)
        line = _spanned(line, _PHP)
        line = _spanned(line, _CONNECT)
    if "(" in line:
        line = _PROPERTY.sub(_property, line)
    if "login" in line:
        line = _NETRC.sub(rf"\g<before>{MASK}", line)
    return _xml(line) if "</" in line else line


def _commands(line: str) -> str:
    for command, option in _COMMANDS:
        if found := command.search(line):
            at = found.end() - 1
            line = line[:at] + option.sub(rf"\g<before>{MASK}", line[at:])
    return line


def _spanned(line: str, pattern: re.Pattern[str]) -> str:
    out: list[str] = []
    copied = at = 0
    while found := pattern.search(line, at):
        at = found.end()
        if pattern not in _CERTAIN and not names_a_secret(found["name"]):
            continue
        start = found.start("start") if pattern is _TUPLE else at
        span = value_at(line, start)
        if span is None or is_plain(line[span.start : span.end], True):
            continue
        if not span.quote and begins_sentence(line[span.start : span.end]):
            continue
        if pattern is _TUPLE and not _is_pair(line, found.start(), span):
            at = span.outer
            continue
        out += [line[copied : span.start], MASK]
        copied = at = span.end
    return "".join([*out, line[copied:]]) if out else line


def _is_pair(line: str, start: int, span: Span) -> bool:
    """A tuple of two, or a list of two in which not both are names."""
    if not line.startswith((")", "]"), span.outer):
        return False
    return line[start] == "(" or not is_bare_name(line[span.start : span.end])


def _property(found: re.Match[str]) -> str:
    if not names_a_secret(found["name"]) or is_plain(found["value"], False):
        return found[0]
    return found[0] if is_bare_name(found["value"]) else f"({found['name']},{MASK}"


def _xml(line: str) -> str:
    out, copied, waits = [], 0, False
    for found in _XML.finditer(line):
        tag = found["name"].rpartition(":")[2]
        if tag.lower() in _NAME_TAGS:
            waits = names_a_secret(found["value"].strip())
            continue
        secret = names_a_secret(tag) or (waits and tag.lower() in _VALUE_TAGS)
        if secret and not is_plain(found["value"], kind_of(tag) is not None):
            out += [line[copied : found.start("value")], MASK]
            copied = found.end("value")
    return "".join([*out, line[copied:]]) if out else line
