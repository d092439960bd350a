"""The picture of the core's imports, as a Markdown table: which packages import which others, and
how many modules of them do. ``python scripts/imports.py [commit]``; without a commit, of HEAD.

docs/decisions/094 shows what it printed before and after the core got a package for each subject.
"""

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORE = "layers/jetbridge/src/jetbridge"
TOP = "(top)"


def modules_at(commit: str) -> Iterator[tuple[str, str]]:
    """Path below the core and text of each module, as the commit has it."""
    listed = _git("ls-tree", "-r", "--name-only", commit, CORE)
    for path in listed.splitlines():
        if path.endswith(".py"):
            yield path.removeprefix(f"{CORE}/"), _git("show", f"{commit}:{path}")


def imported(text: str) -> Iterator[str]:
    """The packages of the core that a module imports from."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = node.module.split(".")
            if names[0] == "jetbridge":
                yield from [names[1]] if len(names) > 1 else (each.name for each in node.names)


def table(commit: str) -> str:
    """Raises: subprocess.CalledProcessError: the repository has no such commit."""
    modules, arrows = Counter[str](), defaultdict[str, Counter[str]](Counter)
    for path, text in modules_at(commit):
        package = path.partition("/")[0] if "/" in path else TOP
        modules[package] += 1
        arrows[package].update({name for name in imported(text) if name != package})
    for targets in arrows.values():  # modules beside the packages are of none
        for name in [each for each in targets if each not in modules]:
            targets[TOP] += targets.pop(name)
    arrows[TOP].pop(TOP, None)
    lines = ["| package | modules | imports (by how many modules) |", "| --- | --- | --- |"]
    for package in sorted(modules, key=lambda each: (-len(arrows[each]), each)):
        to = ", ".join(f"`{name}` {times}" for name, times in sorted(arrows[package].items()))
        lines.append(f"| `{package}` | {modules[package]} | {to} |")
    pairs = {(one, other) for one, targets in arrows.items() for other in targets}
    both = [f"{one} and {to}" for one, to in sorted(pairs) if (to, one) in pairs and one < to]
    lines += ["", f"{len(modules)} packages, {modules.total()} modules, {len(pairs)} arrows."]
    if both:
        lines[-1] += f" Both ways: {', '.join(both)}."
    return "\n".join(lines)


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


if __name__ == "__main__":
    print(table(sys.argv[1] if len(sys.argv) > 1 else "HEAD"))
