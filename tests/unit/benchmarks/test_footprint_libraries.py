"""The uncut libraries beside the layer: what can't be installed ends the benchmark."""

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkFailed
from benchmarks.footprint.libraries import uncut_layer
from jetbridge_local.site.paths import Paths


def test_libraries_that_cant_be_installed_end_the_benchmark(tmp_path: Path) -> None:
    tools = tmp_path / ".venv" / "tools" / "bin"
    tools.mkdir(parents=True)
    (tools / "uv").write_text("#!/bin/sh\necho 'no such version' >&2\nexit 2\n")
    (tools / "uv").chmod(0o755)
    runtime = tmp_path / ".venv" / "runtime" / "bin"
    runtime.mkdir(parents=True)
    (runtime / "python").symlink_to(shutil.which("python3") or sys.executable)
    with pytest.raises(BenchmarkFailed, match="no such version"):
        uncut_layer(Paths(tmp_path, tmp_path / "local"), tmp_path / "layer")
