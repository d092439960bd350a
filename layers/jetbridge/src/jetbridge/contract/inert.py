"""Makes text from outside harmless on Airflow's page: what a container prints, and reasons that AWS
or a person gives.

Airflow's page searches the whole text of a line for group markers, and leaves the rest to the
browser (airflow-core/src/airflow/ui, ``renderStructuredLog.tsx`` and ``useLogs.tsx``, 3.0 to 3.3).
"""

import re

INDENT = "    "
"""Before each line of a text except its first line. So no line of the text can look like a line of
Airflow's, neither on the page nor in a downloaded log."""

# What each alternative of _UNSAFE finds.
_COLOUR, _LINE_END = 1, 2
# Colour and weight (ECMA-48, SGR), which the page draws from 3.1 on.
_SGR = r"\x1b\[[0-9;]{0,48}m"


def _marker(text: str) -> str:
    """A pattern of the text that allows colours in it, because the page leaves them out."""
    return "".join(f"(?:{_SGR})*{character}" for character in text)


_UNSAFE = re.compile(
    rf"({_SGR})"
    # Of a line that ends as on Windows.
    r"|(\r(?=\n|\Z))"
    # The first colon of a marker; markers may overlap.
    rf"|:(?={_marker(':')}(?:{_marker('end')})?{_marker('group::')})"
    # Control characters but tab and line feed.
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f"
    # Those that turn the direction of text (Unicode Standard Annex 9, table 4).
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    # Without width. Joiners, which emoji and some scripts need, stay.
    r"\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
    # Other ends of lines, and halves of surrogate pairs, which UTF-8 can't hold.
    r"\u2028\u2029\ud800-\udfff]"
)
_NEXT_LINE = re.compile(r"\n(?=[^\n])")


def inert(text: str) -> str:
    """The text without anything that acts on the page; ordinary text stays as it is.

    Group markers get a backslash (``:\\:group::``), control characters become their pictures
    (``␛``), others that nobody would see their code (``<U+202E>``, as less(1) shows them). A
    carriage return is shown as ``␍``, so that it hides nothing, and left out before the end of a
    line. Line feeds, tabs and colours stay. Takes time proportional to the text's length.
    """
    printable = text.isprintable() or text.replace("\t", " ").replace("\n", " ").isprintable()
    if printable and "group::" not in text:
        return text
    return _UNSAFE.sub(_visible, text)


def inert_lines(text: str) -> str:
    """The same, with each line but the first indented by ``INDENT``."""
    shown = inert(text)
    return _NEXT_LINE.sub("\n" + INDENT, shown) if "\n" in shown else shown


def _visible(found: re.Match[str]) -> str:
    if found.lastindex == _COLOUR:
        return found[0]
    if found.lastindex == _LINE_END:
        return ""
    if found[0] == ":":
        return ":\\"
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"<U+{code:04X}>"
