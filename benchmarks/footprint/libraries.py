"""The libraries of the functions' layer as PyPI has them, before its build cuts them down."""

import os
import subprocess
from pathlib import Path

from benchmarks.errors import BenchmarkFailed
from jetbridge_local.site.paths import Paths

_REQUIREMENTS = Path("layers", "dependencies", "requirements.txt")


def uncut_layer(paths: Paths, folder: Path) -> Path:
    """Make a layer in ``folder`` of the same versions, with compiled modules as the layer's.

    boto3 in it has what it has in a function without layers: the models of all services, with
    their documentation (Lambda's Python runtimes have an unchanged boto3: AWS Lambda developer
    guide, "Working with layers for Python Lambda functions").

    Raises:
        BenchmarkFailed: the libraries can't be installed; with uv's or Python's own words.
    """
    uv, python = paths.environment("tools") / "bin" / "uv", paths.python("runtime")
    libraries = folder / "python"
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    _run(*install, "--python", python, "--target", libraries, "-r", paths.root / _REQUIREMENTS)
    _run(python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", libraries)
    return folder


def _run(*command: str | Path) -> None:
    # Set by the Makefile: compiled modules would go elsewhere.
    variables = {name: os.environ[name] for name in os.environ if name != "PYTHONPYCACHEPREFIX"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    if ended.returncode:
        raise BenchmarkFailed(f"{command[0]} {command[1]}: {ended.stdout}{ended.stderr}")
