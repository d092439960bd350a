"""Markdown pages: their links, first sentences and code blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_LINK = re.compile(r"(?<=\])\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w+-]*)[^\n]*\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of code.

    Attributes:
        line: of the fence's first line, from 1.
        language: the word behind the fence; empty where there is none.
        text: without the fence's own indentation.
    """

    line: int
    language: str
    text: str


def every_page() -> list[Path]:
    return sorted(DOCS.rglob("*.md"))


def relative_links(text: str) -> Iterator[re.Match[str]]:
    """Links to files. Code is passed over, and so are addresses with a scheme."""
    code = [match.span() for match in re.finditer(r"```.*?```|`[^`\n]*`", text, re.DOTALL)]
    for match in _LINK.finditer(text):
        if any(start <= match.start() < end for start, end in code):
            continue
        if "://" not in match["target"] and not match["target"].startswith("mailto:"):
            yield match


def blocks(text: str) -> Iterator[Block]:
    for match in _FENCE.finditer(text):
        indent = match["indent"]
        lines = [line.removeprefix(indent) for line in match["text"].splitlines(keepends=True)]
        line = text.count("\n", 0, match.start()) + 1
        yield Block(line, match["language"], "".join(lines))


def first_paragraph(text: str) -> str:
    """The text after the title, up to the first empty line."""
    _, _, rest = text.partition("\n")
    for paragraph in re.split(r"\n\s*\n", rest.strip()):
        if not paragraph.startswith(("<!--", "![")):
            return " ".join(paragraph.split())
    return ""
