"""`make demo` and `make up`.

Exit status 0 if everything was as expected, 1 if not, 130 after Ctrl-C.
"""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from jetbridge_local.airflow import AirflowError, AirflowFailed
from jetbridge_local.cloud import CloudFailed
from jetbridge_local.demo.report import Report
from jetbridge_local.demo.up import attached, fresh
from jetbridge_local.site.commands import CommandFailed
from jetbridge_local.site.down import take_down
from jetbridge_local.site.paths import Paths, in_repository

_FAILURES = (AirflowError, AirflowFailed, CloudFailed, CommandFailed, TimeoutError)
_INTERRUPTED = 130


def main() -> int:
    arguments = _arguments()
    paths = in_repository(arguments.local)
    console = Console()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    if arguments.down:
        take_down(paths)
        return 0
    if arguments.up:
        return _up(paths, console)
    demo, report, interrupted = fresh(paths, console), Report(), False
    try:
        demo.run(report)
    except KeyboardInterrupt:
        interrupted, report.error = True, "interrupted"
    except _FAILURES as error:
        report.error = str(error)
    finally:
        kept = arguments.keep and not interrupted
        if not kept:
            _undisturbed(demo.stop)
    report.seconds = demo.seconds
    report.show(console)
    if kept:
        demo.describe()
    print(report.as_json(), flush=True)
    if interrupted:
        return _INTERRUPTED
    return 0 if report.ok else 1


def _up(paths: Paths, console: Console) -> int:
    demo = attached(paths, console)
    try:
        demo.start()
    except KeyboardInterrupt:
        _undisturbed(demo.stop)
        return _INTERRUPTED
    except _FAILURES as error:
        console.print(f"Something isn't up: {error}", markup=False)
        demo.describe()
        return 1
    demo.describe()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything up (KEEP=1)")
    parser.add_argument("--up", action="store_true", help="bring up and leave up (make up)")
    parser.add_argument("--local", type=Path, help="folder for everything written (.local)")
    parser.add_argument("--down", action="store_true", help="only stop what was left up")
    return parser.parse_args()


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _undisturbed(stop: Any) -> None:
    """A second Ctrl-C must not interrupt the clean-up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    stop()


if __name__ == "__main__":
    sys.exit(main())
