"""Runs the checks in parallel, each with a time limit."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.problems import in_words
from jetbridge_cli.verify.bench import Bench, Skipped, Stage
from jetbridge_cli.verify.checks import Check
from jetbridge_cli.verify.patience import Interrupted, Patience
from jetbridge_cli.verify.recorder import Recorder


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a check.

    Attributes:
        reason: why it failed or was skipped. Empty if it passed.
        seconds, bound_seconds: how long it took, and its time limit.
        evidence: ids and times by name.
    """

    name: str
    proves: str
    rows: tuple[str, ...]
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0
    bound_seconds: float
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """Attributes:
    stopped: set when the verification is interrupted. Waiting checks are then skipped.
    tell: is called with each result as soon as it is known.
    apart_seconds: between the starts of two checks. Started at the same time, they would all wait
        for cold functions, and reach the limit of ten concurrent executions in a new account.
    """

    stage: Stage
    recorder: Recorder
    stopped: threading.Event
    tell: Callable[[Result], object]
    apart_seconds: float = 1.5

    def run(self, checks: Sequence[Check]) -> list[Result]:
        """Run the checks. Those that disturb others run last. Returns the results in the order of
        the checks."""
        together = [check for check in checks if not check.alone]
        alone = [check for check in checks if check.alone]
        results = self._side_by_side(together) | {check.name: self._told(check) for check in alone}
        return [results[check.name] for check in checks]

    def _side_by_side(self, checks: Sequence[Check]) -> dict[str, Result]:
        longest_first = sorted(checks, key=lambda check: -check.container_seconds)
        futures: list[Future[Result]] = []
        with ThreadPoolExecutor(max(1, len(checks)), "check") as pool:
            for check in longest_first:
                futures.append(pool.submit(self._told, check))
                self.stopped.wait(self.apart_seconds)
            results = [future.result() for future in as_completed(futures)]
        return {result.name: result for result in results}

    def _told(self, check: Check) -> Result:
        result = self._run(check)
        self.tell(result)
        return result

    def _run(self, check: Check) -> Result:
        began = time.monotonic()
        evidence: dict[str, Any] = {}
        bench = Bench(self.stage, Patience(check.seconds, self.stopped), evidence)
        with self.recorder.during(check.name):
            verdict, reason = self._verdict(check, bench)
        return Result(
            name=check.name,
            proves=check.proves,
            rows=check.rows,
            verdict=verdict,
            reason=reason,
            seconds=round(time.monotonic() - began, 1),
            bound_seconds=check.seconds,
            evidence=evidence,
        )

    def _verdict(self, check: Check, bench: Bench) -> tuple[Verdict, str]:
        if self.stopped.is_set():
            return Verdict.SKIPPED, "the verification was interrupted"
        try:
            check.run(bench)
        except Skipped as skipped:
            return Verdict.SKIPPED, str(skipped)
        except Interrupted:
            return Verdict.SKIPPED, "the verification was interrupted"
        except (BotoCoreError, ClientError) as error:
            return Verdict.FAILED, in_words(error)
        except Exception as error:
            # A check with an unexpected error hasn't proven anything either.
            return Verdict.FAILED, f"{type(error).__name__}: {error}"
        return Verdict.PASSED, ""
