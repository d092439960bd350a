"""``python -m matrix [3.0 | 3.0-py3.11]``: exit status 0, 1 if a cell failed, 2 if there is no such
cell, 130 after Ctrl-C."""

import signal
import sys
from collections.abc import Sequence

from rich.console import Console

from matrix.cells import UnknownCell, cells
from matrix.report import show
from matrix.running import Outcome, run_cell

_FAILED, _MISUSED, _INTERRUPTED = 1, 2, 130
# The width of a table in a file or a pipe, where Rich would cut it to 80 columns.
_WIDTH = 160


def main(arguments: Sequence[str]) -> int:
    """Run the cells one after the other, even if some fail; returns the exit status."""
    # A shell has its background jobs ignore SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        chosen = cells(" ".join(arguments))
    except UnknownCell as error:
        print(error, file=sys.stderr)
        return _MISUSED
    progress = Console(stderr=True)
    outcomes: list[Outcome] = []
    try:
        for cell in chosen:
            outcomes.append(run_cell(cell))
            said = "ok" if outcomes[-1].good else "FAILED"
            progress.print(f"{cell.name} {said}, {outcomes[-1].seconds:.0f} s", highlight=False)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    show(outcomes, Console(width=None if sys.stdout.isatty() else _WIDTH))
    return 0 if all(outcome.good for outcome in outcomes) else _FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
