"""What a check can use, and how it reports its results."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

from jetbridge.contract import Outcome, PersonCaller, StartRequest
from jetbridge_cli.aws import Aws
from jetbridge_cli.verify.events import Events
from jetbridge_cli.verify.jetbridge_stack import JetbridgeStack
from jetbridge_cli.verify.names import Names
from jetbridge_cli.verify.patience import Patience
from jetbridge_cli.verify.quickstart import Quickstart
from jetbridge_cli.verify.setting_up import MadeStacks

S = TypeVar("S")
T = TypeVar("T")


class CheckFailed(Exception):
    """The result isn't the expected one. The text has both."""


class Skipped(Exception):
    """The check can't prove anything here. The text says why."""


@dataclass
class Runs:
    """All runs of the verification, for its delays and its cost.

    Attributes:
        accepted: when start_run answered, by run id, in epoch seconds of this machine's clock.
    """

    accepted: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[outcome.run_id] = outcome

    @property
    def all(self) -> list[Outcome]:
        with self._lock:
            return list(self.outcomes.values())


@dataclass(frozen=True)
class Stage:
    """The deployed stacks, for all checks."""

    aws: Aws
    names: Names
    made: MadeStacks
    events: Events
    runs: Runs


@dataclass(frozen=True)
class Bench:
    """The tools of one check.

    Attributes:
        evidence: the report's facts about the check, whether or not it passes.
    """

    stage: Stage
    patience: Patience
    evidence: dict[str, Any]

    @property
    def aws(self) -> Aws:
        return self.stage.aws

    @property
    def jetbridge(self) -> JetbridgeStack:
        return self.stage.made.jetbridge

    @property
    def quickstart(self) -> Quickstart:
        return self.stage.made.quickstart

    def note(self, **evidence: Any) -> None:
        self.evidence.update(evidence)

    def request(self, key: str, **fields: Any) -> StartRequest:
        """A person's start request. ``key`` is unique in the verification."""
        return StartRequest(
            caller=PersonCaller(name="jetbridge verify"),
            idempotency_key=f"{self.stage.names.name} {key}",
            **fields,
        )

    def start(self, key: str, **fields: Any) -> str:
        """Start a run and return its id. Raises Refused."""
        before = time.monotonic()
        answer = self.jetbridge.start(self.request(key, **fields))
        self.stage.runs.accepted[answer.run_id] = time.time()
        self.note(run_id=answer.run_id, answered_ms=round((time.monotonic() - before) * 1000))
        return answer.run_id

    def outcome(self, run_id: str) -> Outcome:
        """The run's sealed outcome. Raises Late, Interrupted."""
        outcome = self.jetbridge.outcome(run_id, self.patience)
        self.stage.runs.add(outcome)
        self.note(
            state=outcome.state,
            cause=outcome.cause,
            backend_id=outcome.backend_id,
            **_words(outcome),
        )
        return outcome

    def at_once(self, act: Callable[[S], T], items: Sequence[S], threads: int) -> list[T]:
        """Call the function for all items in parallel. Returns the results in the items' order, and
        notes AWS's errors under this check."""
        with ThreadPoolExecutor(threads) as pool:
            futures = [pool.submit(copy_context().run, act, item) for item in items]
            return [future.result() for future in futures]

    def running(self, run_id: str) -> None:
        """Wait until the run's container is running. Raises Late, Interrupted."""
        self.jetbridge.running(run_id, self.patience)


def expect(what: str, seen: Any, wanted: Any) -> None:
    """Raises CheckFailed unless the two values are equal."""
    if seen != wanted:
        raise CheckFailed(f"{what} is {seen!r}, and not {wanted!r}")


def expect_end(outcome: Outcome, state: str, cause: str) -> None:
    """Raises CheckFailed unless the run has ended in this way."""
    if (outcome.state, outcome.cause) != (state, cause):
        raise CheckFailed(
            f"the run {outcome.state} ({outcome.cause}), and should have {state} ({cause}): "
            f"{outcome.reason}"
        )


def _words(outcome: Outcome) -> dict[str, Any]:
    words: dict[str, Any] = {"reason": outcome.reason} if outcome.reason else {}
    return words | ({"unread": outcome.unread} if outcome.unread else {})
