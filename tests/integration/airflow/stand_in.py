"""Jetbridge's start_run, stop_run and watch_runs, as an HTTP endpoint that answers Lambda's Invoke,
and the outcomes table's BatchGetItem, for those who want no outcome of it.

A definition's name says how its run ends: ``succeeds``, ``fails-once``,
``fails-always``, ``exits-99``, ``is-refused``; ``waits`` never ends. Outcomes and
logs go where Jetbridge puts them.
"""

import json
import threading
import time
from typing import Any

from http_server import HttpServer, Reply, Request

from jetbridge.contract import (
    AirflowCaller,
    Cause,
    ContractError,
    Fault,
    Outcome,
    S3LogTarget,
    StartAnswer,
    StartRequest,
    State,
    StopAnswer,
    StopRequest,
    WatchAnswer,
    WatchRequest,
    decode,
    encode,
    to_builtins,
)

TABLE = "outcomes"
LOG_BUCKET = "airflow-logs"
REGION = "us-east-1"


def caller_of(request: StartRequest) -> AirflowCaller:
    """The Airflow task that asks for the run. Nobody else asks a stand-in."""
    assert isinstance(request.caller, AirflowCaller)
    return request.caller


class StandIn(HttpServer):
    """Serves on a free port of 127.0.0.1; a context manager."""

    def __init__(self, dynamodb: Any, s3: Any) -> None:
        super().__init__(self._reply)
        self._dynamodb = dynamodb
        self._s3 = s3
        self._lock = threading.Lock()
        self.starts: list[StartRequest] = []
        self.stops: list[StopRequest] = []
        self.invoked: list[str] = []

    def start_run(self, payload: bytes) -> StartAnswer:
        request = decode(StartRequest, payload)
        if self._definition(request) == "is-refused":
            raise ContractError("run_task.cluster", "is not allowed", "Use one of: cluster")
        run_id = request.key.replace("/", "_").lower()[-60:]
        with self._lock:
            duplicate = any(request.key == other.key for other in self.starts)
            self.starts.append(request)
        if not duplicate and self._definition(request) != "waits":
            self._write_log(request, run_id)
            item = {
                "run_id": {"S": run_id},
                "outcome": {"S": encode(self._outcome(request, run_id))},
            }
            self._dynamodb.put_item(TableName=TABLE, Item=item)
        return StartAnswer(
            run_id=run_id,
            duplicate=duplicate,
            outcomes_table=TABLE,
            stop_function="jetbridge-stop-run",
            region=REGION,
        )

    def stop_run(self, payload: bytes) -> StopAnswer:
        request = decode(StopRequest, payload)
        with self._lock:
            self.stops.append(request)
        return StopAnswer(stopping=request.run_ids, already_ended=[], unknown=[])

    def watch_runs(self, payload: bytes) -> WatchAnswer:
        decode(WatchRequest, payload)
        return WatchAnswer(
            runs={}, outcomes_table=TABLE, stop_function="jetbridge-stop-run", region=REGION
        )

    def _answer(self, function: str, payload: bytes) -> StartAnswer | StopAnswer | WatchAnswer:
        if function.endswith("-watch-runs"):
            return self.watch_runs(payload)
        return (self.stop_run if function.endswith("-stop-run") else self.start_run)(payload)

    def _definition(self, request: StartRequest) -> str:
        asked = request.parameters
        return str(asked.get("taskDefinition") or asked["jobDefinition"])

    def _outcome(self, request: StartRequest, run_id: str) -> Outcome:
        definition = self._definition(request)
        fails = definition == "fails-always" or (
            definition == "fails-once" and caller_of(request).try_number == 1
        )
        code = 99 if definition == "exits-99" else 3 if fails else 0
        return Outcome(
            run_id=run_id,
            state=State.FAILED if code else State.SUCCEEDED,
            cause=Cause.APPLICATION_EXIT if code else Cause.COMPLETED,
            fault=Fault.JOB if code else Fault.NOBODY,
            reason="Essential container in task exited",
            advice="",
            caller=request.caller,
            backend=request.backend,
            region=REGION,
            finished_at=time.time(),
            backend_id=f"id-of-{definition}",
            exit_codes={"main": code},
            last_lines=["about to end", f"ended with {code}"],
            result=_environment(request) or None,
        )

    def _write_log(self, request: StartRequest, run_id: str) -> None:
        target = request.log_target
        if target is None:
            return
        assert isinstance(target, S3LogTarget)
        now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        line = {"timestamp": now, "event": f"container of {run_id}", "level": "info"}
        self._s3.put_object(
            Bucket=target.bucket,
            Key=f"{target.key_prefix}.ecs.1.log",
            Body=json.dumps(line).encode(),
        )

    def _reply(self, request: Request) -> Reply:
        if request.headers.get("X-Amz-Target") == "DynamoDB_20120810.BatchGetItem":
            return Reply(content={"Responses": {TABLE: []}, "UnprocessedKeys": {}})
        function = request.path.split("/")[3]
        self.invoked.append(function)
        try:
            return Reply(content=to_builtins(self._answer(function, request.body)))
        except Exception as error:
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return Reply(content=answer, headers={"X-Amz-Function-Error": "Unhandled"})


def _environment(request: StartRequest) -> dict[str, str]:
    containers = request.parameters.get("overrides", {}).get("containerOverrides", [])
    return {
        variable["name"]: variable["value"]
        for container in containers
        for variable in container.get("environment", [])
    }
