"""The lines of a log, and sentences, without what looks like a secret."""

from collections.abc import Iterable, Sequence

from jetbridge.contract.lines import LINE_CHARACTERS, LINES_BYTES
from jetbridge.secrets.colours import with_colours, without_colours
from jetbridge.secrets.forms import MASK, has_access_key, masked_forms, masked_partners
from jetbridge.secrets.keys import KEY_LINES, lines_in_keys, masked_keys
from jetbridge.secrets.named import Named
from jetbridge.secrets.spoken import masked_spoken
from jetbridge.secrets.urls import masked_urls

__all__ = ["MASK", "masked", "masked_tails", "masked_text"]

# Of a line that is cut afterwards, so much is looked through; a line may have 1 MB.
MASKED_CHARACTERS = 2 * LINE_CHARACTERS
# Of all lines of an outcome, which keeps LINES_BYTES of them.
TOTAL_CHARACTERS = 2 * LINES_BYTES
# Of one text so much is masked and shown: as many characters as a result may have bytes. What is
# behind it was not looked through, and is hidden.
TEXT_CHARACTERS = 128 * 1024
# What may be half a secret before a cut, if no white space is nearer.
_CUT_CHARACTERS = 1_000
# So many lines behind an access key id, its secret may stand alone on one.
_PARTNER_LINES = 3


def masked(lines: Iterable[str]) -> list[str]:
    """The lines of one log with ``***`` for each value that looks like a secret.

    Values of known forms (access keys of AWS, private keys, tokens of vendors, JSON web tokens,
    users and passwords in URLs, authorization headers), and whatever stands behind a name like
    ``password=``. It is a net, not a wall: what a job prints is for all who may read its log.
    """
    lines = list(lines)
    return _masked(lines, lines_in_keys(lines), 0)


def masked_text(text: str) -> str:
    """A text of any number of lines, masked as they are; of a longer one ``TEXT_CHARACTERS``, and
    ``***…`` for the rest."""
    if len(text) <= TEXT_CHARACTERS:
        return "\n".join(masked(text.split("\n")))
    return f"{masked_text(_whole_words(text[:TEXT_CHARACTERS]))}{MASK}…"


def _whole_words(text: str) -> str:
    """The text without the word at its cut, as nobody can tell whether half a word is a secret."""
    end = len(text)
    while end > len(text) - _CUT_CHARACTERS and not text[end - 1].isspace():
        end -= 1
    return text[:end]


def masked_tails(tails: Sequence[list[str]], limit: int) -> list[list[str]]:
    """The last ``limit`` lines of each log, masked, as far as an outcome can keep them.

    The logs' newest lines come last, as in the outcome. Of a long line ``MASKED_CHARACTERS`` are
    masked, of all lines ``TOTAL_CHARACTERS``; older ones are left out. As many characters again are
    looked through for the beginning of a private key that ends among the last lines.
    """
    room = context = TOTAL_CHARACTERS
    shown = []
    for lines in reversed(tails):
        first, room = _back(lines, len(lines), limit, room)
        begin, context = _back(lines, first, KEY_LINES, context)
        shown.append(_tail(lines[begin:], first - begin) if first < len(lines) else [])
    return shown[::-1]


def _back(lines: list[str], end: int, limit: int, room: int) -> tuple[int, int]:
    """From which line to ``end`` the lines fit the room, and the room that is left then."""
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
    """Nobody can tell whether half a word at the cut is a secret."""
    if len(text) > LINE_CHARACTERS:
        return text
    return f"{text.rpartition(' ')[0]}{MASK}…"


def _masked(lines: list[str], in_keys: set[int], first: int) -> list[str]:
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
        shown = _line(line, named)
        found.append(masked_partners(shown) if n <= partner else shown)
    return found


def _line(line: str, named: Named) -> str:
    bare = without_colours(line)
    if bare == line:
        return _bare_line(line, named)
    shown = _bare_line(bare, named)
    return line if shown == bare else with_colours(shown, line)


def _bare_line(line: str, named: Named) -> str:
    line = masked_keys(line)
    line = masked_forms(line)
    line = masked_urls(line)
    line = masked_spoken(line)
    return named.masked(line)
