"""One verification from its first stack to its report, whatever comes in between."""

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.aws import Aws
from jetbridge_cli.problems import Problem, in_words
from jetbridge_cli.verify.bench import Runs, Stage
from jetbridge_cli.verify.checks import Check
from jetbridge_cli.verify.cost import estimated
from jetbridge_cli.verify.delays import delays
from jetbridge_cli.verify.deploying import Checkout, DeployFailed
from jetbridge_cli.verify.events import Events
from jetbridge_cli.verify.formation import Formation, StackFailed
from jetbridge_cli.verify.function_logs import warnings
from jetbridge_cli.verify.interruption import Interruption
from jetbridge_cli.verify.names import Names
from jetbridge_cli.verify.network import Network
from jetbridge_cli.verify.patience import Interrupted, Late, Patience
from jetbridge_cli.verify.recorder import Recorder
from jetbridge_cli.verify.removal import Removal
from jetbridge_cli.verify.report import Report
from jetbridge_cli.verify.running import Result, Runner
from jetbridge_cli.verify.setting_up import MadeStacks, SettingUp

REMOVAL_SECONDS = 2400.0


@dataclass(frozen=True)
class Telling:
    """Who hears how far it is."""

    step: Callable[[str], object]
    result: Callable[[Result], object]


@dataclass(frozen=True)
class Verification:
    """Attributes:
    alarms: how many one stack of Jetbridge has.
    parameters: of Jetbridge's template, beside those that open it for the quickstart.
    built: the checkout is built already.
    keep: nothing is removed.
    """

    aws: Aws
    names: Names
    checkout: Checkout
    network: Network
    checks: Sequence[Check]
    alarms: int
    parameters: Mapping[str, str]
    built: bool
    keep: bool
    recorder: Recorder
    telling: Telling

    def __call__(self, report: Report, interruption: Interruption) -> Report:
        """Fill the report in. Never leaves anything but what the report says, unless it is killed
        or a third signal comes."""
        began = time.time()
        runs = Runs()
        self.aws.prepare()
        with interruption.heard():
            try:
                self._checked(report, interruption.stopped, runs)
            finally:
                self._ended(report, interruption, runs, began)
        return report

    def _checked(self, report: Report, stopped: threading.Event, runs: Runs) -> None:
        setting_up = SettingUp(
            aws=self.aws,
            names=self.names,
            checkout=self.checkout,
            network=self.network,
            parameters=self.parameters,
            recorder=self.recorder,
            stopped=stopped,
            tell=self.telling.step,
        )
        report.deploy_seconds = setting_up.seconds
        with ThreadPoolExecutor(4, "stack") as pool:
            try:
                wanted = {check.needs for check in self.checks}
                made = setting_up(pool, self.built, wanted)
                self._run(report, made, stopped, runs)
            except Interrupted:
                return
            except (StackFailed, DeployFailed, Late, Problem) as error:
                report.problem = f"it could not be set up: {error}"
            except (BotoCoreError, ClientError) as error:
                report.problem = f"it could not be set up: {in_words(error)}"
            finally:
                # A stack that is still being made is not waited for.
                if report.problem:
                    stopped.set()

    def _run(self, report: Report, made: MadeStacks, stopped: threading.Event, runs: Runs) -> None:
        with Events(self.aws, made.events_url) as events:
            stage = Stage(
                aws=self.aws,
                names=self.names,
                jetbridge=made.jetbridge,
                second=made.second,
                quickstart=made.quickstart,
                starts=made.starts,
                events=events,
                runs=runs,
            )
            self.telling.step(f"running {len(self.checks)} checks")
            runner = Runner(stage, self.recorder, stopped, self.telling.result)
            report.results = runner.run(self.checks)
        shown = [
            seconds
            for result in report.results
            for seconds in result.evidence.get("line_to_shown_seconds", [])
        ]
        report.delays = delays(runs, events, shown)

    def _ended(self, report: Report, interruption: Interruption, runs: Runs, began: float) -> None:
        """Whatever looking back meets, everything is removed."""
        if interruption.number:
            report.problem = f"it was interrupted ({signal.Signals(interruption.number).name})"
        try:
            self._looked_back(report, runs, began)
        finally:
            if not self.keep:
                self._removed(report)
            report.errors = self.recorder.errors
            report.ended = now()

    def _looked_back(self, report: Report, runs: Runs, began: float) -> None:
        report.cost = estimated(runs.all, self.alarms)
        with self.recorder.during("looking back"):
            formation = Formation(self.aws, self.names)
            stacks = [self.names.jetbridge, self.names.second]
            try:
                report.warnings = warnings(self.aws, formation, stacks, began)
            except (BotoCoreError, ClientError):
                # The recorder has it, and it must not keep anything from being removed.
                return

    def _removed(self, report: Report) -> None:
        began = time.monotonic()
        patience = Patience(REMOVAL_SECONDS, threading.Event())
        with self.recorder.during("removing"):
            report.left = Removal(self.aws, self.names, patience, self.telling.step)()
        report.removal_seconds = round(time.monotonic() - began, 1)


def now() -> str:
    """ISO 8601 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
