"""What is checked of the pages beside what Zensical checks itself: links and anchors.

Each check yields one line for each fault: where it is, what is wrong, and what to do.
"""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import yaml

from documentation.pages import DOCS, ROOT, Block, blocks, every_page, first_paragraph

_OPENING = "This page "
_LONGEST = 40
"""Words of a page's first sentence."""

_MAKE = re.compile(r"(?:^|[`\s])make ([a-z][a-z0-9-]+)")
_BENCH = re.compile(r"make bench ONLY=([a-z]+)")
_TARGET = re.compile(r"^([a-z][a-z0-9-]*):", re.MULTILINE)
_PAGE = re.compile(r"(?<![\w/])docs/[\w/-]+\.(?:md|toml|json)")


def faults() -> list[str]:
    """Every fault of every page, in order."""
    return [*_nav(), *_openings(), *_code(), *_commands(), *_paths()]


def _nav() -> Iterator[str]:
    """A page outside the navigation is found by nobody; one that doesn't exist is a dead end."""
    project = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    listed = list(_leaves(project["nav"]))
    there = [str(page.relative_to(DOCS)) for page in every_page() if _is_shown(page)]
    for page in sorted(set(there) - set(listed)):
        yield f"docs/{page}: not in the navigation; list it in zensical.toml"
    for page in sorted(set(listed) - set(there)):
        yield f"zensical.toml: lists {page}, which isn't in docs/"
    for page in sorted({page for page in listed if listed.count(page) > 1}):
        yield f"zensical.toml: lists {page} twice"


def _is_shown(page: Path) -> bool:
    """Reports that commands write, and single decisions, are reached from their own pages."""
    return page.relative_to(DOCS).parts[0] not in {"examples", "decisions"}


def _leaves(entries: list[object]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            for value in entry.values():
                yield from _leaves(value if isinstance(value, list) else [value])


def _openings() -> Iterator[str]:
    for page in filter(_is_shown, every_page()):
        text = page.read_text()
        name = page.relative_to(ROOT)
        if not text.startswith("# "):
            yield f"{name}: begins without a title"
        sentence = re.split(r"(?<=[.:])\s", first_paragraph(text))[0]
        if not sentence.startswith(_OPENING):
            yield f'{name}: the first sentence says what the page is for: "{_OPENING}…"'
        elif len(sentence.split()) > _LONGEST:
            yield f"{name}: the first sentence has over {_LONGEST} words"


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's own tags."""


def _tagged(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _tagged)


def _shell(text: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True)
    if checked.returncode:
        raise ValueError(checked.stderr.strip())


_PARSERS: Mapping[str, Callable[[str], object]] = {
    "python": ast.parse,
    "json": json.loads,
    "yaml": lambda text: yaml.load(text, Loader=_Loader),  # nosec B506 # a SafeLoader
    "toml": tomllib.loads,
    "sh": _shell,
}
_UNPARSED = {"hcl", "ini", "jinja", "mermaid", "text"}
"""The provider's tests render the one Jinja block."""


def _code() -> Iterator[str]:
    for page in every_page():
        for block in blocks(page.read_text()):
            if fault := _fault_of(block):
                yield f"{page.relative_to(ROOT)}:{block.line}: {fault}"


def _fault_of(block: Block) -> str | None:
    if block.language in _UNPARSED:
        return None
    parser = _PARSERS.get(block.language)
    if parser is None:
        known = ", ".join(sorted({*_PARSERS, *_UNPARSED}))
        return f"a code block in {block.language or 'no language'}: name one of {known}"
    try:
        parser(block.text)
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        return f"doesn't parse as {block.language}: {str(error).splitlines()[0]}"
    return None


def _commands() -> Iterator[str]:
    """``make`` commands that pages name have to exist, and so do benchmarks."""
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text()))
    benchmarks = {path.name for path in (ROOT / "benchmarks").iterdir() if path.is_dir()}
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *every_page()]:
        code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", page.read_text(), re.DOTALL))
        for target in sorted(set(_MAKE.findall(code)) - targets):
            yield f"{page.relative_to(ROOT)}: `make {target}` isn't in the Makefile"
        for name in sorted(set(_BENCH.findall(code)) - benchmarks):
            yield f"{page.relative_to(ROOT)}: there is no benchmark {name}"


def _paths() -> Iterator[str]:
    """Pages that code, templates and other texts name have to exist."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if name == "CHANGELOG.md" or not path.is_file():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for page in sorted(set(_PAGE.findall(text))):
            if not (ROOT / page).exists():
                yield f"{name}: names {page}, which doesn't exist"
