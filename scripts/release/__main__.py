"""Checks a release before it is published.

One version everywhere; the changelog; wheels and source distributions built and checked as PyPI
checks them; the command installed from them into a clean environment; a bill of materials
(CycloneDX) of the Lambda layer and of the command, with licences under which they may be shipped.

    python -m release dist    build into dist/ and check; exit status 1 if something is wrong
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from release import licences, versions

ROOT = Path(__file__).resolve().parents[2]
UV = os.environ.get("UV", str(ROOT / ".venv/tools/bin/uv"))


def main(folder: Path) -> int:
    found = list(versions.faults(ROOT))
    folder.mkdir(parents=True, exist_ok=True)
    _run(str(ROOT / "scripts/build-distributions"), str(folder))
    built = sorted(str(path) for path in folder.iterdir() if path.suffix in (".whl", ".gz"))
    _run(sys.executable, "-m", "twine", "check", "--strict", *built)
    with tempfile.TemporaryDirectory() as workplace:
        layer = _environment(Path(workplace) / "layer")
        _install(layer, "--require-hashes", "-r", "layers/dependencies/requirements.txt")
        command = _environment(Path(workplace) / "command")
        _install(command, "--find-links", str(folder), "jetbridge-cli")
        _run(str(command.parent / "jetbridge"), "--help", quiet=True)
        for name, python in (("layer", layer), ("command", command)):
            bill = folder / f"sbom-{name}.json"
            found += _bill(python, bill)
            _show(bill)
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    print(f"release-check: {'failed' if found else 'ok'}, {len(built)} files in {folder}")
    return 1 if found else 0


def _environment(place: Path) -> Path:
    """The interpreter of a new, empty environment."""
    _run(UV, "venv", "--quiet", "--python", sys.executable, str(place))
    return place / "bin" / "python"


def _install(python: Path, *what: str) -> None:
    _run(UV, "pip", "install", "--quiet", "--python", str(python), *what)


def _bill(python: Path, bill: Path) -> Iterator[str]:
    _run(
        *(sys.executable, "-m", "cyclonedx_py", "environment", str(python)),
        *("--output-reproducible", "--output-file", str(bill)),
    )
    return licences.faults(bill)


def _show(bill: Path) -> None:
    print(bill.name)
    for name, version, found in sorted(licences.components(bill)):
        print(f"  {name} {version}: {', '.join(sorted(found))}")


def _run(*command: str, quiet: bool = False) -> None:
    """Raises CalledProcessError if the command fails; its own words are on standard error."""
    output = subprocess.DEVNULL if quiet else None
    subprocess.run(command, cwd=ROOT, check=True, stdout=output)


if __name__ == "__main__":
    sys.exit(main((ROOT / sys.argv[1]).resolve()))
