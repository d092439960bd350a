"""Copies the pages to where the site is built from.

A page links to files outside docs/, too: an example, a template, a README. On a host of
repositories those links work as they are. In the site they lead to copies below ``repository/``.
"""

import os
import re
import shutil
from pathlib import Path

from documentation.pages import DOCS, ROOT, every_page, relative_links

STAGE = ROOT / ".site" / "pages"
OUTSIDE = "repository"


def stage() -> None:
    """Raises:
    FileNotFoundError: a page links to a file that isn't in the repository.
    """
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.copytree(DOCS, STAGE)
    for page in every_page():
        place = STAGE / page.relative_to(DOCS)
        place.write_text(_staged(page.read_text(), page.parent, place.parent))


def _staged(text: str, folder: Path, stage_folder: Path) -> str:
    """The page's text with its links as the site has them."""

    def link(match: re.Match[str]) -> str:
        target = Path(os.path.normpath(folder / match["target"]))
        if not target.exists():
            raise FileNotFoundError(
                f"{folder}: a page links to {match['target']}, which doesn't exist"
            )
        if target.is_relative_to(DOCS) and target.is_file():
            return match[0]
        return f"({os.path.relpath(_copied(target), stage_folder)}{match['anchor'] or ''})"

    parts: list[str] = []
    end = 0
    for match in relative_links(text):
        parts += [text[end : match.start()], link(match)]
        end = match.end()
    return "".join([*parts, text[end:]])


def _copied(target: Path) -> Path:
    """The copy of a file or a folder's list of files.

    A Markdown file is copied as text: its own links lead elsewhere in the repository.
    """
    place = STAGE / OUTSIDE / target.relative_to(ROOT)
    if target.is_dir():
        place = place.parent / f"{place.name}.txt"
        names = sorted(f"{path.name}{'/' if path.is_dir() else ''}" for path in target.iterdir())
        text = "\n".join(name for name in names if not name.startswith((".", "__"))) + "\n"
    else:
        place = place.parent / f"{place.name}.txt"
        text = target.read_text()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    return place
