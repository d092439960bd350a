"""Runs one verification, from its first stack to its report, even if something fails."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.problems import Problem, in_words
from jetbridge_cli.verify.bench import Runs, Stage
from jetbridge_cli.verify.checks import Check
from jetbridge_cli.verify.cost import estimated
from jetbridge_cli.verify.delays import delays
from jetbridge_cli.verify.deploying import DeployFailed
from jetbridge_cli.verify.events import Events
from jetbridge_cli.verify.formation import Formation, StackFailed
from jetbridge_cli.verify.function_logs import warnings
from jetbridge_cli.verify.interruption import Interruption
from jetbridge_cli.verify.patience import Interrupted, Late, Patience
from jetbridge_cli.verify.removal import Removal
from jetbridge_cli.verify.report import Report
from jetbridge_cli.verify.running import Result, Runner
from jetbridge_cli.verify.setting_up import MadeStacks, SettingUp

REMOVAL_SECONDS = 2400.0


@dataclass(frozen=True)
class Verification:
    """Attributes:
    alarms: the number of alarms in one stack of Jetbridge.
    keep: remove nothing.
    interruption: sets the ``stopped`` of ``setting_up``.
    tell_result: is called with each check's result.
    """

    setting_up: SettingUp
    checks: Sequence[Check]
    alarms: int
    keep: bool
    interruption: Interruption
    tell_result: Callable[[Result], object]

    def __call__(self, report: Report) -> None:
        """Run the verification and fill in the report.

        It leaves nothing behind except what the report lists, unless it is killed or a third signal
        comes.
        """
        began = time.time()
        runs = Runs()
        self.setting_up.aws.prepare()
        with self.interruption.heard():
            try:
                self._checked(report, runs)
            except Exception as error:
                report.problem = f"jetbridge verify has an error: {type(error).__name__}: {error}"
                raise
            finally:
                self._ended(report, runs, began)

    def _checked(self, report: Report, runs: Runs) -> None:
        report.deploy_seconds = self.setting_up.seconds
        with ThreadPoolExecutor(4, "stack") as pool:
            try:
                made = self.setting_up(pool, {check.needs for check in self.checks})
                self._run(report, made, runs)
            except Interrupted:
                return
            except (StackFailed, DeployFailed, Late, Problem) as error:
                report.problem = f"it could not be set up: {error}"
            except (BotoCoreError, ClientError) as error:
                report.problem = f"it could not be set up: {in_words(error)}"
            finally:
                # Don't wait for a stack that is still being made.
                self.setting_up.stopped.set()

    def _run(self, report: Report, made: MadeStacks, runs: Runs) -> None:
        given = self.setting_up
        with Events(given.aws, made.events_url) as events:
            stage = Stage(given.aws, given.names, made, events, runs)
            given.tell(f"running {len(self.checks)} checks")
            runner = Runner(stage, given.recorder, given.stopped, self.tell_result)
            report.results = runner.run(self.checks)
        shown = [
            seconds
            for result in report.results
            for seconds in result.evidence.get("line_to_shown_seconds", [])
        ]
        report.delays = delays(runs, events, shown)

    def _ended(self, report: Report, runs: Runs, began: float) -> None:
        """Finish the report and remove everything, even if an error occurs."""
        number = self.interruption.number
        if number:
            report.problem = f"it was interrupted ({signal.Signals(number).name})"
        try:
            self._looked_back(report, runs, began)
        finally:
            if not self.keep:
                self._removed(report)
            report.errors = self.setting_up.recorder.errors
            report.ended = now()

    def _looked_back(self, report: Report, runs: Runs, began: float) -> None:
        given = self.setting_up
        report.cost = estimated(runs.all, self.alarms)
        with given.recorder.during("looking back"):
            formation = Formation(given.aws, given.names)
            stacks = [given.names.jetbridge, given.names.second]
            try:
                report.warnings = warnings(given.aws, formation, stacks, began)
            except (BotoCoreError, ClientError):
                # The recorder has noted the error. It must not stop the removal.
                return

    def _removed(self, report: Report) -> None:
        given = self.setting_up
        began = time.monotonic()
        patience = Patience(REMOVAL_SECONDS, threading.Event())
        with given.recorder.during("removing"):
            report.left = Removal(given.aws, given.names, patience, given.tell)()
        report.removal_seconds = round(time.monotonic() - began, 1)


def now() -> str:
    """The current time as ISO 8601 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
