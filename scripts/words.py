"""Looks for turns of phrase that scripts/words.toml lists; exit status 1 if there are any."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_name("words.toml")
_KINDS = ("*.md", "*.py", "*.yaml", "*.toml", "Makefile")
# The history of decisions and releases stays as it was written.
_SKIPPED = (
    "CHANGELOG.md",
    "docs/decisions",
    "scripts/words.",
    "tests/unit/documentation/test_words",
)


_FUNCTION = re.compile(r"\bdef \w+")


def readable(text: str) -> str:
    """The text with spaces in place of the underscores in functions' names, so that turns of phrase
    are found in them, too."""
    return _FUNCTION.sub(lambda match: match[0].replace("_", " "), text)


def faults(text: str, turns: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """Line number, what was found, and what to write. Turns are found across line breaks."""
    for turn, better in turns.items():
        pattern = turn.replace(" ", r"[\s#]+")
        for match in re.finditer(rf"\b(?:{pattern})(?!\w)", text, re.IGNORECASE):
            line = text.count("\n", 0, match.start()) + 1
            yield line, " ".join(match[0].split()), better


def main() -> int:
    turns = tomllib.loads(LIST.read_text())
    listed = subprocess.run(
        ["git", "ls-files", *_KINDS], cwd=ROOT, text=True, capture_output=True, check=True
    )
    found = 0
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if name.startswith(_SKIPPED) or not path.is_file():
            continue
        for line, turn, better in sorted(faults(readable(path.read_text()), turns)):
            print(f"{name}:{line}: {turn!r}: write {better}")
            found += 1
    print(f"words: {found} to change" if found else "words: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
