"""Lines in Airflow's log bucket while their container runs, and the complete copy at the end."""

import json
import time
import uuid
from typing import Any

import pytest
from deployed import LIVE_GROUP, LOG_OPTIONS, Deployed, batch_job, ecs_task

BUCKET = "jetbridge-example-logs"
IMAGE = "test/printer:1"
SECONDS = 8.0
# Generous: other processes may have the processors.
PATIENCE = 5.0
OPTIONS = {**LOG_OPTIONS, "awslogs-group": LIVE_GROUP}


class Try:
    """One try's log in the bucket."""

    def __init__(self, deployed: Deployed) -> None:
        self._s3 = deployed.client("s3")
        self.prefix = f"airflow/dag_id=d/run_id=r/task_id={uuid.uuid4()}/attempt=1.log"
        self.target = {"kind": "s3", "bucket": BUCKET, "key_prefix": self.prefix}

    def keys(self) -> list[str]:
        answer = self._s3.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix)
        return [item["Key"].removeprefix(self.prefix) for item in answer.get("Contents", [])]

    def pieces(self) -> list[str]:
        return [key for key in self.keys() if key.startswith(".jetbridge.live.")]

    def copied(self) -> list[str]:
        return [key for key in self.keys() if key.startswith(".jetbridge.1.")]

    def lines(self) -> list[dict[str, Any]]:
        """Of all objects, as Airflow reads them; one that goes meanwhile is left out."""
        found = []
        for key in self.keys():
            try:
                answer = self._s3.get_object(Bucket=BUCKET, Key=self.prefix + key)
            except self._s3.exceptions.NoSuchKey:
                continue
            found += [json.loads(line) for line in answer["Body"].read().splitlines()]
        return found


@pytest.fixture(scope="module")
def job(deployed: Deployed) -> str:
    """The printing job's name with ECS and with Batch."""
    name = "jetbridge-example-printer"
    log = {"logDriver": "awslogs", "options": OPTIONS}
    deployed.task_definition(name, IMAGE, logConfiguration=log)
    deployed.client("batch").register_job_definition(
        jobDefinitionName=name,
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": IMAGE,
            "executionRoleArn": "arn:aws:iam::000000000000:role/jetbridge-example-execution",
            "resourceRequirements": [
                {"type": "VCPU", "value": "0.25"},
                {"type": "MEMORY", "value": "512"},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": LIVE_GROUP, "awslogs-stream-prefix": "printer"},
            },
        },
    )
    return name


def _request(backend: str, job: str) -> dict[str, Any]:
    seconds = str(SECONDS)
    if backend == "batch":
        return {"submit_job": batch_job(job, seconds=seconds)}
    task = ecs_task(job)
    override = {"name": "main", "environment": [{"name": "seconds", "value": seconds}]}
    return {"run_task": task | {"overrides": {"containerOverrides": [override]}}}


def _printed(lines: list[dict[str, Any]]) -> list[int]:
    """Numbers of the numbered lines."""
    return [int(line["event"].split()[1]) for line in lines if line["event"][:5] == "line "]


def _complete(deployed: Deployed, log: Try, run_id: str) -> list[dict[str, Any]]:
    deployed.outcome(run_id, timeout=60)
    deployed.wait(lambda: bool(log.copied()) and not log.pieces(), 60, "complete copy")
    lines = log.lines()
    numbers = _printed(lines)
    assert numbers == list(range(len(numbers)))
    assert lines[-1]["event"] == f"{len(numbers)} lines"
    return lines


@pytest.mark.parametrize("backend", ["ecs", "batch"])
def test_lines_are_seen_within_seconds_and_replaced_at_the_end(
    deployed: Deployed, job: str, backend: str
) -> None:
    log = Try(deployed)
    run_id = deployed.start(**_request(backend, job), log_target=log.target)
    seen: dict[int, float] = {}
    while deployed.sealed(run_id) is None:
        now = time.time()
        for line in log.lines():
            if line["event"].startswith("line "):
                _, number, printed = line["event"].split()
                assert line["logger"] == f"container.{'main' if backend == 'ecs' else 'default'}"
                seen.setdefault(int(number), now - float(printed))
        assert len(log.pieces()) <= 20
        time.sleep(0.1)
    lags = sorted(seen.values())
    assert len(lags) >= 10, "lines must be seen while the container runs"
    assert lags[len(lags) // 2] < PATIENCE, f"median of {lags}"
    complete = _complete(deployed, log, run_id)
    assert set(seen) <= set(_printed(complete))


def test_a_relay_that_is_down_for_a_while_costs_no_line(deployed: Deployed, job: str) -> None:
    functions = deployed.client("lambda")
    log = Try(deployed)
    functions.put_function_concurrency(
        FunctionName="jetbridge-relay-logs", ReservedConcurrentExecutions=0
    )
    try:
        run_id = deployed.start(**_request("ecs", job), log_target=log.target)
        complete = _complete(deployed, log, run_id)
        assert len(complete) > SECONDS
    finally:
        functions.delete_function_concurrency(FunctionName="jetbridge-relay-logs")
    # What was held back comes now, too late: it must leave nothing.
    _wait_for_relays(deployed, since=time.time())
    assert log.pieces() == []
    assert log.lines() == complete


def _wait_for_relays(deployed: Deployed, since: float) -> None:
    """Until relay_logs has been invoked, and a while longer."""

    def invoked() -> bool:
        answer = deployed.client("logs").filter_log_events(
            logGroupName="/aws/lambda/jetbridge-relay-logs", startTime=int(since * 1000)
        )
        return bool(answer["events"])

    deployed.wait(invoked, 30, "relay_logs")
    time.sleep(3)
