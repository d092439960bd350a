"""Ordinary lines stay: at most one of 10,000 is masked, and the test prints how many."""

import os

import pytest
from jetbridge_testing.ordinary_lines import groups

from jetbridge.secrets.lines import masked

# A push looks at the first fifth of each kind of lines.
SHARE = 1 if os.environ.get("JETBRIDGE_PROPERTIES") == "nightly" else 5
ENOUGH = 50_000 // SHARE
RATE = 1 / 10_000


def test_false_positives(capsys: pytest.CaptureFixture[str]) -> None:
    found, total, changed = [], 0, []
    for name, every in groups().items():
        lines = every[: -(-len(every) // SHARE)]
        pairs = list(zip(lines, masked(lines), strict=True))
        wrong = [pair for pair in pairs if pair[0] != pair[1]]
        found.append(f"{name}: {len(lines)} lines, {len(wrong)} masked")
        total += len(lines)
        changed += wrong
    with capsys.disabled():
        print("", *found, f"all: {total} lines, {len(changed)} masked", sep="\n")
        print(*(f"  {line.strip()[:120]}" for line, _ in changed[:20]), sep="\n")
    assert total >= ENOUGH
    assert len(changed) <= total * RATE
