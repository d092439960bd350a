"""``LANES=<number> python -m suites push|nightly [suite …]``: exit status 0, 1 if a suite failed,
2 if there is no such suite or tier or LANES is no number, 130 after Ctrl-C."""

import os
import signal
import sys
import time
from collections.abc import Sequence

from rich.console import Console

from suites.coverage import coverage
from suites.plan import ROOT, TIERS, Suite, UnknownSuite, suites
from suites.report import as_json, table
from suites.running import Ran, Runner

LANES = 3
"""For suites that run at the same time, unless the variable LANES names another number. Each waits
for a part of its time: three of them keep two processors busy."""

_FAILED, _MISUSED, _INTERRUPTED = 1, 2, 130
# Of a table in a file or a pipe, where Rich would cut it to 80 columns.
_WIDTH = 160


class UnknownLanes(ValueError):
    """The variable LANES is no number of lanes."""


def main(arguments: Sequence[str]) -> int:
    """Run the suites of a tier; returns the exit status."""
    tier, *names = arguments or [""]
    try:
        if tier not in TIERS:
            raise UnknownSuite(f"There is no tier {tier!r}. There are: {', '.join(TIERS)}")
        chosen, lanes = suites(names), _lanes()
    except (UnknownSuite, UnknownLanes) as error:
        print(error, file=sys.stderr)
        return _MISUSED
    # A shell has its background jobs ignore SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return _run(tier, chosen, lanes if len(chosen) > 1 else 1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED


def _lanes() -> int:
    given = os.environ.get("LANES", str(LANES))
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise UnknownLanes(f"LANES is {given!r}; give a whole number from 1 on, such as {LANES}")
    return int(given)


def _run(tier: str, chosen: Sequence[Suite], lanes: int) -> int:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    folder = ROOT / ".local" / "suites" / tier
    runner = Runner(folder, tier)
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[{time.monotonic() - began:4.0f} s] {text}", markup=False, highlight=False)

    def ended(ran: Ran) -> None:
        if lanes > 1:
            print(runner.output(ran.suite).read_text(errors="replace"), flush=True)
        say(f"{ran.suite.name}: {'ok' if ran.good else 'FAILED'} after {ran.seconds:.0f} s")

    found = runner.run(chosen, lanes, lambda suite: say(f"{suite.name} begins"), ended)
    measured = coverage(folder, [ran.suite for ran in found])
    console.print(table(found))
    for ran in found:
        for failure in ran.cases.failures:
            console.print(f"{ran.suite.name}: {failure}", markup=False, highlight=False)
    print(as_json(tier, found, time.monotonic() - began, measured), flush=True)
    return 0 if all(ran.good for ran in found) else _FAILED


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
