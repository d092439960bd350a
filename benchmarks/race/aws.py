"""An AWS in which each run has ended before Jetbridge's start_run answers."""

import json
import time
from typing import Any

from benchmarks.feed.aws import REGION, TABLE, EndlessRuns


class EndedRuns(EndlessRuns):
    """Answers Lambda's Invoke as start_run does; the outcome is in the table by then."""

    def __init__(self) -> None:
        super().__init__()
        self._callers: dict[str, Any] = {}

    def _answer(self, method: str, headers: dict[str, str], body: bytes) -> tuple[str, bytes]:
        if method == "POST" and "x-amz-target" not in headers:
            self.calls["Invoke"] += 1
            return "200 OK", json.dumps(self._started(json.loads(body))).encode()
        return super()._answer(method, headers, body)

    def _started(self, request: dict[str, Any]) -> dict[str, Any]:
        caller = request["caller"]
        run_id = f"{caller['ti_id']}-{caller['try_number']}"
        self._callers[run_id] = caller
        self._ended_at[run_id] = time.time()
        return {
            "run_id": run_id,
            "duplicate": False,
            "outcomes_table": TABLE,
            "stop_function": "jetbridge-stop-run",
            "region": REGION,
        }

    def _BatchGetItem(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = super()._BatchGetItem(request)
        for item in answer["Responses"][TABLE]:
            outcome = json.loads(item["outcome"]["S"])
            outcome["caller"] = self._callers[item["run_id"]["S"]]
            item["outcome"]["S"] = json.dumps(outcome)
        return answer
