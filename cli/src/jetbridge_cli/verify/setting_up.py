"""Creates the stacks, each as soon as the stacks that it needs exist."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.aws import Aws
from jetbridge_cli.problems import in_words
from jetbridge_cli.verify.deploying import Checkout, DeployFailed
from jetbridge_cli.verify.formation import Formation
from jetbridge_cli.verify.jetbridge_stack import JetbridgeStack
from jetbridge_cli.verify.names import Names
from jetbridge_cli.verify.network import Network
from jetbridge_cli.verify.patience import Patience
from jetbridge_cli.verify.quickstart import Quickstart
from jetbridge_cli.verify.recorder import Recorder

T = TypeVar("T")

# CloudFormation takes some two minutes for the quickstart and some five for Jetbridge.
BOUND_SECONDS = 1200.0
# Faster than ECS allows, so that ECS throttles the flood.
_UNPACED = {"EcsLaunchesPerSecond": "100"}
_EACH_MINUTE = {"Schedule": "rate(1 minute)"}


@dataclass(frozen=True)
class MadeStacks:
    """The stacks for the checks.

    Attributes:
        events_url: the URL of the queue of the verification's events.
        second: the second stack of Jetbridge. It is deployed while the first checks run. Its result
            raises the error if that fails.
        starts: in the same way, the outputs of the stack with the schedule and the rule.
    """

    quickstart: Quickstart
    jetbridge: JetbridgeStack
    events_url: str
    second: Future[JetbridgeStack]
    starts: Future[dict[str, str]]


@dataclass(frozen=True)
class SettingUp:
    """Attributes:
    parameters: additional parameters of Jetbridge's template, besides those for the quickstart.
    built: whether the checkout is already built.
    stopped: set when the verification is interrupted.
    seconds: how long each stack took, set when it is made.
    """

    aws: Aws
    names: Names
    checkout: Checkout
    network: Network
    parameters: Mapping[str, str]
    built: bool
    recorder: Recorder
    stopped: threading.Event
    tell: Callable[[str], object]
    seconds: dict[str, float] = field(default_factory=dict)

    def __call__(self, pool: ThreadPoolExecutor, wanted: Collection[str]) -> MadeStacks:
        """Make all stacks. The second stack and the one with the schedule and the rule are made in
        ``pool``, if a check needs them (``Check.needs``).

        Raises StackFailed, DeployFailed, Late, Interrupted, Problem, ClientError.
        """
        first = self._begin(pool, self.names.quickstart, self._quickstart)
        if not self.built:
            self.tell("sam build")
            self.checkout.build(self._patience())
        quickstart = first.result()
        extras = self._begin(pool, self.names.extras, lambda: self._extras(quickstart))
        jetbridge = self._begin(
            pool, self.names.jetbridge, lambda: self._jetbridge(self.names.jetbridge, quickstart)
        )
        events_url = extras.result()["EventsUrl"]
        stack = jetbridge.result()
        second: Future[JetbridgeStack] = Future()
        if "second" in wanted:
            name = self.names.second
            second = self._begin(pool, name, lambda: self._jetbridge(name, quickstart))
        starts: Future[dict[str, str]] = Future()
        if "starts" in wanted:
            starts = self._begin(pool, self.names.starts, lambda: self._starts(quickstart))
        return MadeStacks(quickstart, stack, events_url, second, starts)

    def _begin(self, pool: ThreadPoolExecutor, stack: str, make: Callable[[], T]) -> Future[T]:
        def timed() -> T:
            began = time.monotonic()
            self.tell(f"creating the stack {stack}")
            with self.recorder.during("setting up"):
                made = make()
            self.seconds[stack] = round(time.monotonic() - began, 1)
            return made

        return pool.submit(timed)

    def _quickstart(self) -> Quickstart:
        return Quickstart(
            self._made(self.names.quickstart, "template.yaml", self.network.parameters)
        )

    def _extras(self, quickstart: Quickstart) -> dict[str, str]:
        return self._made(self.names.extras, "verify.yaml", quickstart.shared)

    def _starts(self, quickstart: Quickstart) -> dict[str, str]:
        parameters = quickstart.shared | _EACH_MINUTE
        parameters |= {
            "JetbridgeStack": self.names.jetbridge,
            "AssignPublicIp": self.network.parameters["AssignPublicIp"],
        }
        return self._made(self.names.starts, "starts.yaml", parameters)

    def _jetbridge(self, stack: str, quickstart: Quickstart) -> JetbridgeStack:
        parameters = quickstart.jetbridge_parameters | _UNPACED | dict(self.parameters)
        try:
            self.checkout.deploy(
                stack, self.names.name, quickstart.bucket, parameters, self._patience()
            )
        except DeployFailed as error:
            raise DeployFailed(f"{error}\n{self._said_of(stack)}") from error
        return JetbridgeStack(self.aws, stack)

    def _said_of(self, stack: str) -> str:
        """What CloudFormation says about the failure. The end of SAM's output often has only what
        CloudFormation removed afterwards."""
        try:
            return f"CloudFormation's reasons: {Formation(self.aws, self.names).failures(stack)}"
        except (BotoCoreError, ClientError) as error:
            return f"CloudFormation's reasons could not be read: {in_words(error)}"

    def _made(self, stack: str, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
        formation = Formation(self.aws, self.names)
        formation.make(stack, self.checkout.template(template), parameters)
        return formation.made(stack, self._patience())

    def _patience(self) -> Patience:
        return Patience(BOUND_SECONDS, self.stopped)
