"""Helpers of this folder are importable, and the finish matrix shows its table at the end."""

import sys
from pathlib import Path

import pytest

# pytest's import mode "importlib" leaves test folders off the path.
sys.path.insert(0, str(Path(__file__).parent))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    from finish_matrix import table

    if table.ROWS:
        terminalreporter.ensure_newline()
        terminalreporter.write(table.as_text())
