"""Masks secrets in the lines of a log and in sentences."""

from collections.abc import Iterable, Sequence
from functools import partial

from jetbridge.contract.lines import LINE_CHARACTERS, LINES_BYTES
from jetbridge.secrets.colours import with_colours, without_colours
from jetbridge.secrets.encoded import LEVELS, masked_encoded
from jetbridge.secrets.forms import MASK, has_access_key, masked_forms, masked_partners
from jetbridge.secrets.keys import KEY_LINES, lines_in_keys, masked_keys
from jetbridge.secrets.named import Named
from jetbridge.secrets.spoken import masked_spoken
from jetbridge.secrets.urls import masked_urls

__all__ = ["MASK", "masked", "masked_tails", "masked_text"]

# How much of a line is searched, if the line is cut afterwards. A line may have 1 MB.
MASKED_CHARACTERS = 2 * LINE_CHARACTERS
# How much is searched of all lines of an outcome, which keeps LINES_BYTES of them.
TOTAL_CHARACTERS = 2 * LINES_BYTES
# How much of one text is masked and shown: as many characters as a result may have bytes. The rest
# isn't searched, so it is hidden.
TEXT_CHARACTERS = 128 * 1024
# What may be half a secret before a cut, if there is no white space nearer to it.
_CUT_CHARACTERS = 1_000
# The secret of an access key id may stand by itself on one of this many lines after the id.
_PARTNER_LINES = 3


def masked(lines: Iterable[str]) -> list[str]:
    """The lines of one log, with ``***`` for each value that looks like a secret.

    Masked are values of known forms (AWS access keys, private keys, vendors' tokens, JSON web
    tokens, users and passwords in URLs, authorization headers), and every value after a name such
    as ``password=``. Masking can't find every secret. Whoever may read a job's log may see all that
    the job prints.
    """
    lines = list(lines)
    return _masked(lines, lines_in_keys(lines), 0)


def masked_text(text: str) -> str:
    """A text of any number of lines, masked like the lines of a log. Of a longer text, the first
    ``TEXT_CHARACTERS`` are kept, and ``***…`` replaces the rest."""
    if len(text) <= TEXT_CHARACTERS:
        return "\n".join(masked(text.split("\n")))
    return f"{masked_text(_whole_words(text[:TEXT_CHARACTERS]))}{MASK}…"


def _whole_words(text: str) -> str:
    """The text without the word at its cut: half a word may be half a secret."""
    end = len(text)
    while end > len(text) - _CUT_CHARACTERS and not text[end - 1].isspace():
        end -= 1
    return text[:end]


def masked_tails(tails: Sequence[list[str]], limit: int) -> list[list[str]]:
    """The last ``limit`` lines of each log, masked, as far as an outcome has room for them.

    As in the outcome, the newest lines come last. Of a long line, ``MASKED_CHARACTERS`` are masked;
    of all lines together, ``TOTAL_CHARACTERS``. Older lines are left out. As many characters before
    them are searched for the beginning of a private key that ends in the last lines.
    """
    room = context = TOTAL_CHARACTERS
    shown = []
    for lines in reversed(tails):
        first, room = _back(lines, len(lines), limit, room)
        begin, context = _back(lines, first, KEY_LINES, context)
        shown.append(_tail(lines[begin:], first - begin) if first < len(lines) else [])
    return shown[::-1]


def _back(lines: list[str], end: int, limit: int, room: int) -> tuple[int, int]:
    """The first line from which all lines up to ``end`` fit the room, and the room that is left."""
    first = end
    while first > max(0, end - limit):
        room -= min(len(lines[first - 1]), MASKED_CHARACTERS) + 1
        if room < 0:
            return first, 0
        first -= 1
    return first, room


def _tail(lines: list[str], first: int) -> list[str]:
    cut = [line[:MASKED_CHARACTERS] for line in lines]
    shown = _masked(cut, lines_in_keys(cut), first)
    return [
        _without_cut_word(text) if len(line) > MASKED_CHARACTERS else text
        for line, text in zip(lines[first:], shown, strict=True)
    ]


def _without_cut_word(text: str) -> str:
    """The text without the word at the cut, which may be half a secret."""
    if len(text) > LINE_CHARACTERS:
        return text
    return f"{text.rpartition(' ')[0]}{MASK}…"


def _masked(lines: list[str], in_keys: set[int], first: int, levels: int = LEVELS) -> list[str]:
    found, named = [], Named()
    partner = -1
    for n in range(max(0, first - _PARTNER_LINES), first):
        partner = n + _PARTNER_LINES if has_access_key(lines[n]) else partner
    for n in range(first, len(lines)):
        line = lines[n]
        if n in in_keys:
            found.append(MASK)
            continue
        if has_access_key(line):
            partner = n + _PARTNER_LINES
        shown = _line(line, named, levels)
        found.append(masked_partners(shown) if n <= partner else shown)
    return found


def _line(line: str, named: Named, levels: int) -> str:
    bare = without_colours(line)
    if bare == line:
        return _bare_line(line, named, levels)
    shown = _bare_line(bare, named, levels)
    return line if shown == bare else with_colours(shown, line)


def _bare_line(line: str, named: Named, levels: int) -> str:
    if levels:
        line = masked_encoded(line, partial(_decoded, levels - 1))
    line = masked_keys(line)
    line = masked_forms(line)
    line = masked_urls(line)
    line = masked_spoken(line)
    return named.masked(line)


def _decoded(levels: int, text: str) -> str:
    """A text that stood encoded in a line, masked like the lines of a log."""
    lines = text.split("\n")
    return "\n".join(_masked(lines, lines_in_keys(lines), 0, levels))
