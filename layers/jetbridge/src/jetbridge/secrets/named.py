"""Values after a name that stands for a secret: ``password=``, ``"dbPassword":``, ``--token``."""

import re

from jetbridge.secrets.forms import MASK, looks_random
from jetbridge.secrets.headers import end_of_header, header, shown
from jetbridge.secrets.lazy import lazy
from jetbridge.secrets.names import (
    CERTAIN,
    NAME_CHARACTERS,
    NAME_MEMBERS,
    VALUE_MEMBERS,
    Kind,
    kind_of,
)
from jetbridge.secrets.plain import (
    begins_sentence,
    is_code,
    is_counted,
    is_plain,
    is_prose,
    starts_line,
)
from jetbridge.secrets.quoting import (
    QUOTE,
    Span,
    behind_lookup,
    head_at,
    opens_bracket,
    value_at,
)

_REMARK = r"(?:\s?\([\w\x20.-]{1,32}\))?[\s:]{0,2}"
# A name is a whole run of name characters, so each run is read once.
_PAIR = lazy(
    rf"""(?<![A-Za-z0-9_.$-])(?P<name>[A-Za-z0-9_.$-]++)(?P<shut>(?:{_REMARK}(?=["'])|)(?:{QUOTE})?["']?)\]?(?:\s(?:is|was)(?=:))?
    (?P<sep>\s*+(?:=>|->|={{1,3}}+(?!>)|:=|:(?![:/]/?)|%3[ADad]|\|(?=\s))\s*+)""",
    re.VERBOSE,
)
# The shell's own variables and command.
_DIRECTORIES = ("pwd", "oldpwd")
_INDENT = 40
_LIST = -1
_ITEM = lazy(r"(?P<indent>[ \t]{0,64}+)(?P<dash>-\s{1,8}+)?")
_MEMBER = lazy(r"[\"']?[A-Za-z_][\w.-]{0,64}+[\"']?\s?(?::(?:\s|$)|=)|[{}\])]")
# More words after a value without quotes: password=correct horse battery.
_WORDS_BEHIND = lazy(r"(?: [A-Za-z0-9!?'-]{1,32}+){2,12}+\s*+$")
_BLOCK = lazy(r"[|>][-+]?\d?\s*$")


class Named:
    """Masks values after names, and remembers what a line says about the next line.

    Attributes:
        waits: a line said that the next line has the secret's value (``name: DB_PASSWORD``).
        block: the indentation of a name whose secret is a block of lines (YAML's ``|``).
        below: the indentation of a name at the end of a line (``password:``). A next line with more
            indentation is its value.
    """

    def __init__(self) -> None:
        self.waits = False
        self.block: int | None = None
        self.below: tuple[int, int] | None = None

    def masked(self, line: str) -> str:
        if self._in_block(line):
            return f"{line[: len(line) - len(line.lstrip())]}{MASK}"
        if self.below and (span := self._from_above(line)):
            return f"{line[: span.start]}{MASK}{line[span.end :]}"
        waits, self.waits = self.waits, False
        out: list[str] = []
        copied = at = 0
        # The place of a value that may be followed by its name, and whether a name waits for its
        # value.
        early, named = -1, waits
        while pair := _PAIR.search(line, at):
            at = pair.end()
            short = pair["name"].lower().lstrip("-")
            if short in NAME_MEMBERS:
                waits = kind_of(head_at(line, at, NAME_CHARACTERS).strip()) in CERTAIN
                if waits and early >= copied and (span := value_at(line, early)):
                    out += [line[copied : span.start], MASK]
                    at = max(at, span.end)
                    copied, waits = span.end, False
                named, early = early < 0, -1
                continue
            kind = kind_of(pair["name"])
            if short in VALUE_MEMBERS:
                early, named = (-1 if named else at), False
                kind, waits = (Kind.PASSWORD if waits else None), False
            span = self._secret(line, pair, kind) if kind else None
            if span:
                out += [line[copied : span.start], shown(line, span, kind)]
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

    def _from_above(self, line: str) -> Span | None:
        """The value whose name ended the line before. A list may continue over several lines."""
        begin = _ITEM.match(line)
        if self.below is None or begin is None:
            return None
        name, least = self.below
        at = begin.end()
        indent = len(begin["indent"])
        is_item = bool(begin["dash"]) or least == _LIST
        if not is_item or indent <= name:
            self.below = None
        if indent < max(least, name) or (not line[at:].strip()) or _MEMBER.match(line, at):
            self.below = None
            return None
        span = value_at(line, at)
        if span is None or is_plain(line[span.start : span.end], True):
            return None
        behind = line[span.outer :].strip()
        return span if span.quote or not behind or behind.startswith(("#", ",")) else None

    def _ends_line(self, line: str, pair: re.Match[str], kind: Kind) -> bool:
        """Whether the value is in the next line, with more indentation or in a list that opens
        here."""
        rest = line[pair.end() : pair.end() + 3].strip()
        if rest not in ("", "[") or len(line) > pair.end() + 2 or kind not in CERTAIN:
            return False
        before = line[: pair.start()]
        if len(before) > _INDENT or before.strip(" \t-['\"{"):
            return False
        indent = len(line) - len(line.lstrip())
        # A value of JSON needs no indentation; YAML's names have no quotes.
        level = ">" in pair["sep"] or pair["shut"].endswith(('"', "'"))
        least = _LIST if rest == "[" else indent + (0 if level else 1)
        self.below = indent, least
        return True

    def _secret(self, line: str, pair: re.Match[str], kind: Kind) -> Span | None:
        if _names_another(line, pair, kind):
            return None
        if _BLOCK.match(line, pair.end()):
            self.block = len(line) - len(line.lstrip())
            return None
        if self._ends_line(line, pair, kind):
            return None
        if kind is Kind.HEADER:
            return header(line, pair.end())
        at = behind_lookup(line, pair.end())
        span = value_at(line, at) if at is not None else None
        if span is None or span.start == span.end:
            return None
        if kind is Kind.COOKIE:
            end = span.end if span.quote else end_of_header(line, span.start)
            return span._replace(end=end)
        return _whole(line, pair, span, kind)


def _names_another(line: str, pair: re.Match[str], kind: Kind) -> bool:
    """Whether the place of the name shows that no secret follows it."""
    name, end = pair["name"], pair.end()
    if pair["sep"].strip() == "|" and not _of_aws(name):
        return True
    if pair["sep"] == ":" and line[pair.start() - 1 : pair.start()] == ":":
        return True  # a part of an ARN: arn:aws:secretsmanager:...:secret:name
    if kind is Kind.RANDOM and not looks_random(head_at(line, end, NAME_CHARACTERS)):
        return True
    if kind in CERTAIN and _is_pair(line, pair):
        return True
    if _keeps_brackets(pair) and opens_bracket(line, end):
        return True
    return name.lower() in _DIRECTORIES and line.startswith(("/", "~", "C:", "pwd"), end)


def _keeps_brackets(pair: re.Match[str]) -> bool:
    """Whether the brackets stay: credentials are a structure whose members have their own names."""
    return pair["name"].lower().endswith(("credential", "credentials"))


def _whole(line: str, pair: re.Match[str], span: Span, kind: Kind) -> Span | None:
    value = line[span.start : span.end]
    if is_plain(value, kind is Kind.PASSWORD) or is_counted(value, line, pair, kind, span.quote):
        return None
    if not span.quote:
        colon = pair["sep"].strip() == ":"
        if is_code(value, line, span.end, pair["name"]) or value == "not":
            return None
        if colon and is_prose(value, line, pair.start(), span.end, kind is Kind.PASSWORD):
            return None
        if kind is Kind.PASSWORD and colon and starts_line(line, pair.start()):
            return _phrase(line, span)
        if kind is Kind.PASSWORD and pair["sep"] == "=":
            return _words_behind(line, pair, span)
    return span


def _is_pair(line: str, pair: re.Match[str]) -> bool:
    """Whether another name and its value follow ``passwords: ``. Then the other value is masked in
    its place."""
    if not pair["sep"].endswith(": "):
        return False
    inner = _PAIR.match(line, pair.end())
    return inner is not None and inner["sep"] == "=" and kind_of(inner["name"]) in CERTAIN


def _words_behind(line: str, pair: re.Match[str], span: Span) -> Span:
    """``password=correct horse battery``: two or more plain words up to the line's end."""
    value = line[span.start : span.end]
    if pair["name"].isupper() or not value.isalpha() or len(line) - span.end > NAME_CHARACTERS * 2:
        return span
    behind = _WORDS_BEHIND.match(line, span.end)
    if behind is None or begins_sentence(behind[0].split()[0]):
        return span
    return span._replace(end=len(line.rstrip()), outer=len(line))


def _phrase(line: str, span: Span) -> Span:
    """A line that is one YAML member: its value may have spaces and be followed by a comment."""
    rest = line[span.end :]
    if not rest.strip() or re.search(r"[=:,;{}\[\]\"']", rest):
        return span
    return span._replace(end=len(line[: span.end] + rest.split(" #")[0].rstrip()))


def _of_aws(name: str) -> bool:
    return name.lower().endswith(("accesskey", "sessiontoken", "accesskeyid"))
