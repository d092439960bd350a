"""One version for all distributions, and a changelog that has it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECTS = ("layers/jetbridge", "airflow_provider", "cli", "local")
_PIN = re.compile(r"^jetbridge(?:-[a-z]+)?==(?P<version>\S+)$")


def faults(root: Path) -> Iterator[str]:
    """One line for each fault; none if everything has one version."""
    projects = {name: _project(root, name) for name in PROJECTS}
    versions = {name: project["version"] for name, project in projects.items()}
    if len(set(versions.values())) > 1:
        listed = ", ".join(f"{name} {version}" for name, version in versions.items())
        yield f"the distributions have several versions: {listed}"
    version = versions[PROJECTS[0]]
    for name, project in projects.items():
        for dependency in project.get("dependencies", []):
            pin = _PIN.match(dependency)
            if pin and pin["version"] != version:
                yield f"{name}/pyproject.toml needs {dependency}, and this is {version}"
    changelog = (root / "CHANGELOG.md").read_text()
    fragments = [path for path in (root / "changelog.d").iterdir() if path.name != "README.md"]
    if f"## {version}" not in changelog and "## Unreleased" not in changelog and not fragments:
        yield f"CHANGELOG.md has no part {version} or Unreleased, and changelog.d has no fragment"


def _project(root: Path, name: str) -> dict[str, object]:
    found = tomllib.loads((root / name / "pyproject.toml").read_text())["project"]
    assert isinstance(found, dict)
    return found
