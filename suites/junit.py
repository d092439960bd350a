"""What pytest's JUnit report says."""

from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class Cases:
    """Counts of tests. ``failures`` are the ids of those that failed or whose fixtures did;
    ``reruns`` is how often a test ran once more."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reruns: int = 0
    failures: list[str] = field(default_factory=list)


def cases(report: Path) -> Cases:
    """Read a report. A test that is in it twice with a result has run twice."""
    failures, skipped, ids = set(), set(), []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case}
        ids.append(name)
        if kinds & {"failure", "error"}:
            failures.add(name)
        elif "skipped" in kinds:
            skipped.add(name)
    every = set(ids)
    return Cases(
        passed=len(every - failures - skipped),
        failed=len(failures),
        skipped=len(skipped - failures),
        reruns=len(ids) - len(every),
        failures=sorted(failures),
    )
