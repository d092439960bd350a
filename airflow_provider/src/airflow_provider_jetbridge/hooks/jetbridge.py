"""Calls Jetbridge's functions from a worker or a triggerer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from airflow.providers.common.compat.sdk import BaseHook
from msgspec import UNSET
from msgspec.structs import replace
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from airflow_provider_jetbridge import aws, settings
from airflow_provider_jetbridge.exceptions import StartFailed, StartRefused, StartThrottled
from airflow_provider_jetbridge.hooks.invocation import Invoker
from airflow_provider_jetbridge.plain import plain
from airflow_provider_jetbridge.resolution import resolve
from airflow_provider_jetbridge.stack import (
    START_FUNCTION,
    STOP_FUNCTION,
    WATCH_FUNCTION,
    StackAddress,
)
from jetbridge.contract import (
    ContractError,
    StartAnswer,
    StartRequest,
    StopAnswer,
    StopRequest,
    WatchAnswer,
    WatchRequest,
    decode,
    encode,
    to_builtins,
)

log = logging.getLogger(__name__)

START_ATTEMPTS = 3

THROTTLED_SECONDS = 300.0
"""How long a start waits in all while Lambda throttles it. A new account runs ten functions at once
(AWS Lambda developer guide, "Lambda quotas"), and the stack's own may need all of them as long as a
flood of launches lasts."""

PATIENCE: Mapping[str, Any] = {
    "read_timeout": 60,
    "retries": {"mode": "standard", "max_attempts": 3},
}
"""Limits for a task's calls: seconds per attempt, and the number of attempts."""

RUNS_OF_ONE_STOP = 100
"""The maximum number of ``run_ids`` in a ``StopRequest``."""

T = TypeVar("T")


class JetbridgeHook(BaseHook):
    """Starts, stops and watches runs.

    Starting is idempotent for each try of a task instance (``AirflowCaller.key``). So the hook
    sends an invocation again if the answer was lost.

    Args:
        access: how to reach AWS.
        stack: the stack whose functions are called. A stop request names its function itself.
        jetbridge_conn_id: an Airflow connection of type ``jetbridge``. It fills in what `access`
            and `stack` don't give (`resolution.resolve`). The hook reads it from Airflow when it is
            made.
        airflow: this Airflow's name in the stack. None takes ``[jetbridge] airflow``.
        patience: botocore ``Config`` options for timeouts and retries, instead of `PATIENCE`.

    Raises:
        AirflowNotFoundException, ValueError: see `resolution.resolve`.
    """

    conn_name_attr = "jetbridge_conn_id"
    default_conn_name = "jetbridge_default"
    conn_type = "jetbridge"
    hook_name = "Jetbridge"

    def __init__(
        self,
        access: aws.AwsAccess | None = None,
        stack: StackAddress | str | None = None,
        *,
        jetbridge_conn_id: str | None = None,
        airflow: str | None = None,
        patience: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.airflow = airflow or settings.airflow()
        self.access = access or aws.AwsAccess()
        self.stack = StackAddress.parse(stack) if isinstance(stack, str) else stack
        if self.stack is None and jetbridge_conn_id is not None:
            self.stack, self.access = resolve(jetbridge_conn_id, None, self.access)
        self._invoker = Invoker(self.access, self.airflow, patience or PATIENCE)

    @property
    def alias(self) -> str:
        """The function alias that this Airflow invokes."""
        return self._invoker.alias

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The connection's own fields, for Airflow 3.0 and 3.1."""
        from airflow_provider_jetbridge.hooks.form import widgets

        return widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The fields that the connection's form hides, for Airflow 3.0 and 3.1."""
        from airflow_provider_jetbridge.hooks.form import behaviour

        return behaviour()

    def test_connection(self) -> tuple[bool, str]:
        """The button "Test": check that the stack answers and that its outcomes can be read.

        Returns whether everything works, and a text that says what works or what to fix. Never
        raises.
        """
        from airflow_provider_jetbridge.hooks.check import check

        return check(self)

    def connect(self) -> None:
        """Make the client. This reads the connection from Airflow.

        Raises:
            AirflowNotFoundException, BotoCoreError, …: the connection is missing or incomplete.
        """
        self._invoker.connect()

    @property
    def client(self) -> Any:
        return self._invoker.client

    def start(self, request: StartRequest) -> StartAnswer:
        """Hand a run to Jetbridge.

        Raises:
            StartRefused: the request is wrong, the stack doesn't exist, or IAM denies the call.
            StartFailed: any other error. Another attempt or Airflow's next try may succeed.
                StartThrottled: Lambda throttled the call for `THROTTLED_SECONDS`.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(StartFailed),
            stop=_gives_up(),
            wait=wait_exponential_jitter(initial=1, max=5),
            before_sleep=lambda state: log.warning(
                "%s; trying again", state.outcome and state.outcome.exception()
            ),
            reraise=True,
        )
        answer: StartAnswer = attempts(self._start_once, request)
        return answer

    def _start_once(self, request: StartRequest) -> StartAnswer:
        """Stacks from before traces refuse the field by its name. Then the run is started without a
        trace."""
        function = self.function(START_FUNCTION)
        try:
            return self._ask(function, _known_to_all(request), StartAnswer)
        except StartRefused as refusal:
            if not request.traceparent or "traceparent" not in str(refusal):
                raise
            log.warning("%s doesn't support traces: update the stack. %s", function, refusal)
            untraced = replace(request, traceparent=UNSET)
            return self._ask(function, _known_to_all(untraced), StartAnswer)

    def stop(self, stop_function: str, callers: Mapping[str, str], reason: str) -> StopAnswer:
        """Ask Jetbridge to stop runs. Each ends a moment later, when its state-change event
        arrives.

        Args:
            stop_function: the stack's stop_run (``StartAnswer.stop_function``).
            callers: up to 100 run ids, each with the key (``AirflowCaller.key``) of the try that no
                longer wants the run. A run that another try waits for isn't stopped.
            reason: shown in AWS and in Airflow, up to 255 characters.

        Raises:
            StartFailed, StartRefused: the function couldn't be called.
        """
        request = StopRequest(
            run_ids=list(callers), reason=reason, by="airflow", callers=dict(callers)
        )
        return self._ask(stop_function, request, StopAnswer)

    def stop_runs(self, run_ids: Sequence[str], reason: str) -> StopAnswer:
        """Ask Jetbridge to stop any number of runs, even if a task waits for them.

        Raises:
            StartFailed, StartRefused: the function couldn't be called.
        """
        together = StopAnswer(stopping=[], already_ended=[], unknown=[])
        for start in range(0, len(run_ids), RUNS_OF_ONE_STOP):
            some = list(run_ids[start : start + RUNS_OF_ONE_STOP])
            request = StopRequest(run_ids=some, reason=reason, by="airflow")
            answer = self._ask(self.function(STOP_FUNCTION), request, StopAnswer)
            together.stopping.extend(answer.stopping)
            together.already_ended.extend(answer.already_ended)
            together.unknown.extend(answer.unknown)
            together.refused.update(answer.refused)
        return together

    def watch(self, request: WatchRequest) -> WatchAnswer:
        """Ask for the state of runs. Without run ids, ask which stack this is.

        Raises:
            StartFailed, StartRefused: the function couldn't be called, or refuses the request.
        """
        return self._ask(self.function(WATCH_FUNCTION), request, WatchAnswer)

    def _ask(self, function: str, request: Any, answer: type[T]) -> T:
        body = self._invoker.invoke(function, encode(request))
        try:
            return decode(answer, body)
        except ContractError as error:
            raise StartFailed(f"{function} gave an answer of another version: {error}") from error

    def function(self, name: str) -> str:
        if self.stack is None:
            raise ValueError("No Jetbridge stack is named: give stack or jetbridge_conn_id")
        return self.stack.function(name)


def _gives_up() -> Callable[[RetryCallState], bool]:
    """Whether another attempt to start is one too many. Throttled attempts don't count."""
    failures = 0

    def gives_up(state: RetryCallState) -> bool:
        nonlocal failures
        if state.outcome and isinstance(state.outcome.exception(), StartThrottled):
            return state.idle_for >= THROTTLED_SECONDS
        failures += 1
        return failures >= START_ATTEMPTS

    return gives_up


_FROM_THE_DAG = ("run_task", "submit_job", "result_container", "deciding_container")
"""Fields of a request whose values come from the DAG as they are."""


def _known_to_all(request: StartRequest) -> dict[str, Any]:
    """The request without empty fields that a stack older than the provider doesn't know.

    Raises:
        StartRefused: JSON has no form for one of its values.
    """
    given = {name: plain(name, getattr(request, name)) for name in _FROM_THE_DAG}
    message: dict[str, Any] = to_builtins(replace(request, **given))
    if not request.result_required:
        del message["result_required"]
    if request.concurrency_group is None:
        del message["concurrency_group"]
    if request.deciding_container is None:
        del message["deciding_container"]
    return message
