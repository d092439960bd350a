"""detect-secrets, a kept library of patterns, finds nothing in what is masked (decision 46)."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from jetbridge_testing.secret_values import secret_lines

from jetbridge.secrets.lines import masked

# Its patterns of names take the mask itself for a value.
_OF_NAMES = {"Secret Keyword"}
_KINDS: Mapping[str, type[Any]] = get_mapping_from_secret_type_to_class()
_DETECTORS = [
    detector()
    for kind, detector in _KINDS.items()
    if issubclass(detector, RegexBasedDetector) and kind not in _OF_NAMES
]
LINES = secret_lines()


def _found(line: str) -> Iterator[str]:
    for detector in _DETECTORS:
        yield from (found for found in detector.analyze_string(line) if found and "*" not in found)


def test_detect_secrets_finds_nothing_that_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    seen = [case for case in LINES if any(_found(case.line))]
    left = [case.shown for case in LINES if any(_found(masked([case.line])[0]))]
    with capsys.disabled():
        print(f"\ndetect-secrets sees a secret in {len(seen)} of {len(LINES)} lines that have one")
    assert len(seen) > 50, "the second opinion has eyes"
    assert left == []


@pytest.mark.nightly
def test_what_detect_secrets_costs(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the figures of docs/decisions.md, and is no judge of them."""
    line = "2026-03-01T00:00:29Z INFO loaded 7 rows of orders from s3://bucket/key in 1.5 s " * 2
    base = _import_seconds("import re")
    modules = {"ours": "jetbridge.secrets", "its": "detect_secrets.core.scan"}
    shown = [
        f"import beside `import re`: {name} {_import_seconds(f'import {module}') / base:.1f} times"
        for name, module in modules.items()
    ]
    list(_found(line))
    masked([case.line for case in LINES])
    for name, text in (("an ordinary line", line), ("eyJ-eyJ-…", "eyJ-" * 500)):
        for size in (len(text), 4 * len(text)):
            part = (text * 4)[:size]
            ours, theirs = _micros(lambda p=part: masked([p])), _micros(lambda p=part: [*_found(p)])
            shown.append(f"{name}, {size} characters: ours {ours:.0f} µs, its {theirs:.0f} µs")
    with capsys.disabled():
        print("", *shown, sep="\n")


def _import_seconds(code: str) -> float:
    """CPU time of an interpreter that runs the code: the least of five."""
    tries = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        tries.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(tries)


def _micros(work: object) -> float:
    tries = []
    for _ in range(5):
        start = time.process_time()
        work()  # type: ignore[operator]
        tries.append(time.process_time() - start)
    return min(tries) * 1e6
