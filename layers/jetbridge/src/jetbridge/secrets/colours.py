"""Console colours. They can come between a name and its value and so hide both from patterns."""

from jetbridge.secrets.forms import MASK, kept_ranges
from jetbridge.secrets.lazy import lazy

# ECMA-48, 8.3.117, "SGR": the escape itself, and the forms in which loggers and JSON write it.
_COLOUR = lazy(r"(?:\x1b|\\u001[bB]|\\x1[bB]|\\033|\\e)\[[0-9;:]{0,32}+[mK]|\x9b[0-9;:]{0,32}+m")
_MARKS = ("\x1b", "\x9b", "\\")


def without_colours(line: str) -> str:
    if not any(mark in line for mark in _MARKS):
        return line
    return _COLOUR.sub("", line)


def with_colours(shown: str, line: str) -> str:
    """Put a line's colours back into its masked text.

    The text around the masks is found in the line, piece by piece. Colours return to their places;
    those inside a masked value follow its mask.
    """
    colours, taken = [], 0
    for colour in _COLOUR.finditer(line):
        colours.append((colour.start() - taken, colour[0]))
        taken += len(colour[0])
    bare = without_colours(line)
    ranges = kept_ranges(bare, shown)
    if ranges is None:
        return shown
    out: list[str] = []
    done = 0
    for n, (begin, end) in enumerate(ranges):
        if n:
            out.append(MASK)
        copied = begin
        while done < len(colours) and colours[done][0] <= end:
            place = max(copied, colours[done][0])
            out += [bare[copied:place], colours[done][1]]
            copied = place
            done += 1
        out.append(bare[copied:end])
    return "".join(out)
