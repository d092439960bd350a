"""The layers' builds put compiled modules beside the sources, even where Python keeps its own
elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_the_core_is_compiled_into_the_layer(tmp_path: Path) -> None:
    """`make` sets PYTHONPYCACHEPREFIX for the whole repository (scripts/environments.mk)."""
    layer, elsewhere = tmp_path / "layer", tmp_path / "elsewhere"
    built = subprocess.run(
        ["make", "--silent", "build-JetbridgeLayer", f"ARTIFACTS_DIR={layer}"],
        cwd=ROOT / "layers" / "jetbridge",
        env=os.environ | {"PYTHONPYCACHEPREFIX": str(elsewhere), "PATH": _path()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert built.stdout == ""  # it says so if it finds no Python 3.13
    sources = {path for path in (layer / "python").rglob("*.py") if path.stat().st_size}
    compiled = {path for path in sources if _compiled(path).exists()}
    assert compiled == sources != set()
    assert not elsewhere.exists()


def _compiled(source: Path) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"


def _path() -> str:
    """With uv, and with the Python that runs this."""
    first = [ROOT / ".venv" / "tools" / "bin", Path(sys.executable).parent]
    return os.pathsep.join([*map(str, first), os.environ["PATH"]])


@pytest.mark.parametrize("layer", ["jetbridge", "dependencies"])
def test_both_builds_leave_the_variable_out(layer: str) -> None:
    makefile = (ROOT / "layers" / layer / "Makefile").read_text()
    assert "unexport PYTHONPYCACHEPREFIX" in makefile.splitlines()
