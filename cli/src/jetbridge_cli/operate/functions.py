"""Calls Jetbridge's functions as an operator."""

import getpass
import json
from dataclasses import dataclass
from typing import Any

from jetbridge.contract import StartAnswer, StartRequest, StopAnswer, decode, to_builtins
from jetbridge_cli.problems import Problem
from jetbridge_cli.stack import Stack

_FUNCTION = "AWS::Lambda::Function"
# The most ids in one StopRequest.
_STOPS_AT_ONCE = 100


@dataclass(frozen=True)
class Functions:
    """Calls start_run as a person, and stop_run as the operator."""

    stack: Stack

    def start(self, request: StartRequest) -> StartAnswer:
        """Start a run. If the function refuses the request, raises Problem with the function's
        text."""
        answer = self._call("StartRunFunction", to_builtins(request), Qualifier="person")
        return decode(StartAnswer, answer)

    def stop(self, run_ids: list[str], reason: str) -> StopAnswer:
        """Ask Jetbridge to stop runs. Raises: Problem"""
        total = StopAnswer(stopping=[], already_ended=[], unknown=[])
        for start in range(0, len(run_ids), _STOPS_AT_ONCE):
            payload = {
                "run_ids": run_ids[start : start + _STOPS_AT_ONCE],
                "reason": reason,
                "by": user(),
            }
            answer = decode(StopAnswer, self._call("StopRunFunction", payload))
            total.stopping.extend(answer.stopping)
            total.already_ended.extend(answer.already_ended)
            total.unknown.extend(answer.unknown)
            total.taken_over.extend(answer.taken_over)
            total.refused.update(answer.refused)
        return total

    def _call(self, logical_id: str, payload: Any, **qualifier: str) -> Any:
        name = self.stack.resources.get(_FUNCTION, {}).get(logical_id)
        if name is None:
            raise Problem(
                f"--stack: {self.stack.name!r} has no {logical_id}: is it a complete Jetbridge "
                "stack?"
            )
        invoke: Any = self.stack.aws.functions.invoke
        answer = invoke(FunctionName=name, Payload=json.dumps(payload), **qualifier)
        said = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise Problem(str((said or {}).get("errorMessage") or said))
        return said


def user() -> str:
    """The name of the user's account on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "jetbridge command"
