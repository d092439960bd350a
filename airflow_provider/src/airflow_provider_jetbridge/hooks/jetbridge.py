"""Jetbridge's functions, called from a worker or a triggerer."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.exceptions import StartFailed, StartRefused
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
)

log = logging.getLogger(__name__)

REFUSED = "ContractError"
"""``errorType`` with which start_run says that the request itself is wrong."""

START_ATTEMPTS = 3
READ_TIMEOUT_SECONDS = 60
RUNS_OF_ONE_STOP = 100
"""Most ``run_ids`` of a ``StopRequest``."""

T = TypeVar("T")


class JetbridgeHook:
    """Starts and stops runs.

    Starting is idempotent per try of a task instance (``AirflowCaller.key``), so an invocation
    whose answer was lost is simply sent again.

    Args:
        access: how to reach AWS.
        stack: whose start_run to call; a stop names its function itself.
    """

    def __init__(self, access: aws.AwsAccess, stack: str | None = None) -> None:
        self.access = access
        self.stack = stack
        self._client: Any = None

    def connect(self) -> None:
        """Make the client, for which Airflow is asked for the connection.

        Raises:
            AirflowNotFoundException, BotoCoreError, …: whatever the connection lacks.
        """
        self._client = aws.client(
            self.access,
            "lambda",
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "max_attempts": 3},
        )

    @property
    def client(self) -> Any:
        if self._client is None:
            self.connect()
        return self._client

    def start(self, request: StartRequest) -> StartAnswer:
        """Hand a run to Jetbridge.

        Raises:
            StartRefused: the request is wrong, or the stack isn't there or not ours to call.
            StartFailed: anything that another attempt, or Airflow's next try, may mend.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(StartFailed),
            stop=stop_after_attempt(START_ATTEMPTS),
            wait=wait_exponential_jitter(initial=1, max=5),
            before_sleep=lambda state: log.warning(
                "%s; trying again", state.outcome and state.outcome.exception()
            ),
            reraise=True,
        )
        answer: StartAnswer = attempts(self._start_once, request)
        return answer

    def _start_once(self, request: StartRequest) -> StartAnswer:
        return self._ask(f"{self.stack}-start-run", request, StartAnswer)

    def stop(self, stop_function: str, callers: Mapping[str, str], reason: str) -> StopAnswer:
        """Ask Jetbridge to stop runs; each ends a moment later, by its own state-change event.

        Args:
            stop_function: the stack's stop_run (``StartAnswer.stop_function``).
            callers: for up to 100 run ids the key of the try that wants it no more
                (``AirflowCaller.key``); a run that another try waits for goes on.
            reason: shown in AWS and in Airflow, up to 255 characters.

        Raises:
            StartFailed, StartRefused: the function couldn't be called.
        """
        request = StopRequest(
            run_ids=list(callers), reason=reason, by="airflow", callers=dict(callers)
        )
        return self._ask(stop_function, request, StopAnswer)

    def stop_runs(self, run_ids: Sequence[str], reason: str) -> StopAnswer:
        """Ask Jetbridge to stop runs, however many and whoever waits for them.

        Raises:
            StartFailed, StartRefused: the function couldn't be called.
        """
        together = StopAnswer(stopping=[], already_ended=[], unknown=[])
        for start in range(0, len(run_ids), RUNS_OF_ONE_STOP):
            some = list(run_ids[start : start + RUNS_OF_ONE_STOP])
            request = StopRequest(run_ids=some, reason=reason, by="airflow")
            answer = self._ask(f"{self.stack}-stop-run", request, StopAnswer)
            together.stopping.extend(answer.stopping)
            together.already_ended.extend(answer.already_ended)
            together.unknown.extend(answer.unknown)
        return together

    def watch(self, request: WatchRequest) -> WatchAnswer:
        """Ask how far runs are; without any, what stack this is.

        Raises:
            StartFailed, StartRefused: the function couldn't be called, or refuses the request.
        """
        return self._ask(f"{self.stack}-watch-runs", request, WatchAnswer)

    def _ask(self, function: str, request: Any, answer: type[T]) -> T:
        body = self._invoke(function, encode(request))
        try:
            return decode(answer, body)
        except ContractError as error:
            raise StartFailed(f"{function} gave an answer of another version: {error}") from error

    def _invoke(self, function: str, payload: str) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            response = self.client.invoke(
                FunctionName=function, InvocationType="RequestResponse", Payload=payload.encode()
            )
            body: bytes = response["Payload"].read()
        except ClientError as error:
            raise self._refusal(function, error) or StartFailed(f"{function}: {error}") from error
        except BotoCoreError as error:
            raise StartFailed(f"{function}: {error}") from error
        if "FunctionError" in response:
            raise _function_error(function, body)
        return body

    def _refusal(self, function: str, error: Any) -> StartRefused | None:
        code = error.response.get("Error", {}).get("Code", "")
        advice = {
            "ResourceNotFoundException": (
                f"there is no function {function} in {self.client.meta.region_name}. Name the "
                "stack with jetbridge_stack or [jetbridge] stack, and its region with region_name "
                "or in the connection"
            ),
            "AccessDeniedException": (
                f"allow lambda:InvokeFunction on {function} to the role of connection "
                f"{self.access.aws_conn_id!r}"
            ),
        }.get(code)
        return StartRefused(f"Jetbridge can't be called: {advice} ({error})") if advice else None


def _function_error(function: str, body: bytes) -> StartRefused | StartFailed:
    try:
        report = json.loads(body)
    except ValueError:
        report = None
    if not isinstance(report, dict):
        return StartFailed(f"{function} failed: {body.decode(errors='replace')[:1000]}")
    kind, message = report.get("errorType"), report.get("errorMessage")
    if kind == REFUSED:
        return StartRefused(f"Jetbridge refused the run: {message}")
    return StartFailed(f"{function} failed: {kind}: {message}")
