"""Jetbridge with runs that end when the test says so, or when they are stopped."""

import time
from typing import Any

from stand_in import REGION, TABLE, StandIn

from jetbridge.contract import (
    AirflowCaller,
    Cause,
    Fault,
    Outcome,
    StartAnswer,
    StartRequest,
    State,
    StopAnswer,
    StopRequest,
    decode,
    encode,
    run_id_of,
)


def create_table(dynamodb: Any) -> None:
    """The outcomes table with its index, as the template has them."""
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "run_id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "run_id", "AttributeType": "S"},
            {"AttributeName": "feed", "AttributeType": "S"},
            {"AttributeName": "finished_at", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "finished",
                "KeySchema": [
                    {"AttributeName": "feed", "KeyType": "HASH"},
                    {"AttributeName": "finished_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )


class WaitingRuns(StandIn):
    """Follows the rules of starting and stopping: there is one run per try, a new try stops the
    previous try's run or attaches to it, and a stop is for a caller that still waits.

    ``stopped_at`` has the time of each run's first stop request, epoch seconds; ``superseded`` the
    runs that a new try's start ended.
    """

    def __init__(self, dynamodb: Any) -> None:
        super().__init__(dynamodb, s3=None)
        self.runs: dict[str, AirflowCaller] = {}
        self._backends: dict[str, str] = {}
        self.attached: dict[str, str] = {}
        self.ended: set[str] = set()
        self.superseded: set[str] = set()
        self.stopped_at: dict[str, float] = {}

    def start_run(self, payload: bytes) -> StartAnswer:
        request = decode(StartRequest, payload)
        with self._lock:
            known = request.key in [other.key for other in self.starts]
            self.starts.append(request)
            run_id, attached = self._run_for(request)
        return StartAnswer(
            run_id=run_id,
            duplicate=known,
            outcomes_table=TABLE,
            stop_function="jetbridge-stop-run",
            region=REGION,
            attached=attached,
        )

    def stop_run(self, payload: bytes) -> StopAnswer:
        request = decode(StopRequest, payload)
        answer = StopAnswer(stopping=[], already_ended=[], unknown=[])
        with self._lock:
            self.stops.append(request)
            for asked in request.run_ids:
                run_id = self.attached.get(asked, asked)
                self.stopped_at.setdefault(run_id, time.time())
                if run_id in self.ended:
                    answer.already_ended.append(run_id)
                elif request.callers.get(asked) not in (None, self.runs[run_id].key):
                    answer.taken_over.append(run_id)
                else:
                    answer.stopping.append(run_id)
                    self._end(run_id, State.STOPPED, Cause.STOPPED_BY_USER)
        return answer

    def end(self, run_id: str, *, state: State = State.SUCCEEDED, cause: Cause = Cause.COMPLETED):
        """Seal a run's outcome."""
        with self._lock:
            self._end(run_id, state, cause)

    def run_of(
        self, task_id: str, try_number: int = 1, map_index: int = -1, dag_id: str = ""
    ) -> str:
        """The run that a try waits for; AssertionError if it has started none."""
        with self._lock:
            found = [
                run_id
                for run_id, caller in self.runs.items()
                if (caller.task_id, caller.try_number, caller.map_index)
                == (task_id, try_number, map_index)
            ]
        assert len(found) == 1, f"{task_id} {try_number} {map_index}: {found}"
        return found[0]

    def _run_for(self, request: StartRequest) -> tuple[str, bool]:
        for run_id, caller in self.runs.items():
            if caller.key == request.key:
                return run_id, False
        for run_id, caller in self.runs.items():
            if caller.task_key == request.caller.task_key and run_id not in self.ended:
                if request.previous == "attach":
                    self.runs[run_id] = request.caller
                    self.attached[run_id_of(request.key)] = run_id
                    return run_id, True
                self.superseded.add(run_id)
                self._end(run_id, State.STOPPED, Cause.STOPPED_BY_USER)
        run_id = run_id_of(request.key)
        self.runs[run_id] = request.caller
        self._backends[run_id] = request.backend
        return run_id, False

    def _end(self, run_id: str, state: State, cause: Cause) -> None:
        self.ended.add(run_id)
        now = time.time()
        outcome = Outcome(
            run_id=run_id,
            state=state,
            cause=cause,
            fault=Fault.NOBODY if state is State.SUCCEEDED else Fault.USER,
            reason="Essential container in task exited",
            advice="",
            caller=self.runs[run_id],
            backend=self._backends[run_id],
            region=REGION,
            finished_at=now,
            backend_id=f"id-of-{run_id}",
        )
        self._dynamodb.put_item(
            TableName=TABLE,
            Item={
                "run_id": {"S": run_id},
                "outcome": {"S": encode(outcome)},
                "feed": {"S": "1"},
                "finished_at": {"N": str(now)},
            },
        )
