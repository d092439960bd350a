"""What tests, demo and benchmarks share is in jetbridge_local: nothing imports benchmarks."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
PLACES = ("tests", "local/src", "layers/jetbridge/src", "functions", "cli/src", "suites", "matrix")
# These test the benchmarks themselves.
OF_THE_BENCHMARKS = ROOT / "tests/unit/benchmarks"


def imported(text: str) -> set[str]:
    """The top packages that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def imports_benchmarks(text: str) -> bool:
    return "benchmarks" in text and "benchmarks" in imported(text)


def test_nothing_but_benchmarks_and_their_own_tests_imports_benchmarks() -> None:
    modules = [
        path
        for place in PLACES
        for path in (ROOT / place).rglob("*.py")
        if not path.is_relative_to(OF_THE_BENCHMARKS)
    ]
    assert len(modules) > 500
    assert [path for path in modules if imports_benchmarks(path.read_text())] == []


def test_an_import_is_seen_wherever_it_stands() -> None:
    assert imported("def f():\n    from benchmarks.flood import send\n") == {"benchmarks"}
    assert imported("import os, benchmarks.rows as rows") == {"os", "benchmarks"}
