"""RunTask's client tokens.

Source: AmazonECS API reference, ECS_Idempotency.html. A token is known in its cluster for 24 hours,
or for the tasks' life plus one hour if that is shorter. The same parameters get the original
answer, other parameters a ConflictException. For a stopped task, the answer has only its ARN and
states.
"""

import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import AwsError
from .task import Task


@dataclass(frozen=True)
class _Use:
    request: str
    answer: dict[str, Any]
    tasks: list[Task]
    at: float


class ClientTokens:
    """The client tokens. Not thread-safe: the engine holds the lock from ``recall`` to
    ``remember``."""

    def __init__(self, retention_seconds: float, after_stop_seconds: float) -> None:
        self._retention_seconds = retention_seconds
        self._after_stop_seconds = after_stop_seconds
        self._uses: dict[tuple[str, str], _Use] = {}

    def once(
        self,
        cluster: str,
        parameters: dict[str, Any],
        run: Callable[[], tuple[dict[str, Any], list[Task]]],
    ) -> dict[str, Any]:
        """The answer of ``run`` from its first call with this token. Raises ConflictException."""
        token = parameters.get("clientToken")
        if token is None:
            return run()[0]
        request = json.dumps(parameters, sort_keys=True)
        key = (cluster, token)
        use = self._uses.get(key)
        if use is None or self._is_over(use):
            answer, tasks = run()
            self._uses[key] = _Use(request, copy.deepcopy(answer), tasks, time.time())
            return answer
        if use.request != request:
            raise AwsError(
                "ConflictException",
                "The provided clientToken is already in use with a different RunTask request. "
                "Run RunTask with a unique clientToken, or with the original set of parameters.",
                members={"resourceIds": [task.arn for task in use.tasks]},
            )
        return _replayed(use)

    def forget_old(self) -> None:
        """Drop the tokens whose time is over."""
        self._uses = {key: use for key, use in self._uses.items() if not self._is_over(use)}

    def _is_over(self, use: _Use) -> bool:
        now = time.time()
        if now - use.at > self._retention_seconds:
            return True
        if not use.tasks:
            return now - use.at > self._after_stop_seconds
        stops: list[float] = [task.record.get("stoppedAt", now) for task in use.tasks]
        return now - max(stops) > self._after_stop_seconds


def _replayed(use: _Use) -> dict[str, Any]:
    answer = copy.deepcopy(use.answer)
    stopped = {task.arn for task in use.tasks if task.record["lastStatus"] == "STOPPED"}
    answer["tasks"] = [
        {"taskArn": task["taskArn"], "lastStatus": "STOPPED", "desiredStatus": "STOPPED"}
        if task["taskArn"] in stopped
        else task
        for task in answer["tasks"]
    ]
    return answer
