"""Lines in Airflow's log bucket while their container runs, and the complete copy at the end."""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from deployed import LIVE_GROUP, LOG_OPTIONS, Deployed, batch_job, ecs_task

BUCKET = "jetbridge-example-logs"
IMAGE = "test/printer:1"
SECONDS = 8.0
# Of a container that runs until the test has seen what it looks for.
LONG = 240.0
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
        """The lines of all objects, as Airflow reads them. Objects that are gone are left out."""
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


def _request(
    backend: str, job: str, seconds: float = SECONDS, until: Path | str = ""
) -> dict[str, Any]:
    environment = {"seconds": str(seconds), "until": str(until)}
    if backend == "batch":
        return {"submit_job": batch_job(job, **environment)}
    pairs = [{"name": name, "value": value} for name, value in environment.items()]
    override = {"name": "main", "environment": pairs}
    return {"run_task": ecs_task(job) | {"overrides": {"containerOverrides": [override]}}}


def _printed(lines: list[dict[str, Any]]) -> list[int]:
    """Numbers of the numbered lines."""
    return [int(line["event"].split()[1]) for line in lines if line["event"][:5] == "line "]


def _complete(deployed: Deployed, log: Try, run_id: str) -> list[dict[str, Any]]:
    deployed.outcome(run_id, timeout=240)
    deployed.wait(lambda: bool(log.copied()) and not log.pieces(), 240, "complete copy")
    lines = log.lines()
    numbers = _printed(lines)
    assert numbers == list(range(len(numbers)))
    assert lines[-1]["event"] == f"{len(numbers)} lines"
    return lines


@pytest.mark.parametrize("backend", ["ecs", "batch"])
def test_lines_are_seen_while_the_container_runs_and_replaced_at_the_end(
    deployed: Deployed, job: str, backend: str, tmp_path: Path
) -> None:
    """The container runs until ten lines have been seen, however busy the machine is."""
    log, enough = Try(deployed), tmp_path / "enough"
    request = _request(backend, job, seconds=LONG, until=enough)
    run_id = deployed.start(**request, log_target=log.target)
    seen: set[int] = set()

    def ten_seen() -> bool:
        lines = log.lines()
        seen.update(_printed(lines))
        name = f"container.{'main' if backend == 'ecs' else 'default'}"
        assert {line["logger"] for line in lines if line["event"][:5] == "line "} <= {name}
        assert len(log.pieces()) <= 20
        return len(seen) >= 10

    deployed.wait(ten_seen, LONG / 2, "ten lines of the running container")
    assert deployed.sealed(run_id) is None
    enough.touch()
    complete = _complete(deployed, log, run_id)
    assert seen <= set(_printed(complete))


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

    deployed.wait(invoked, 240, "relay_logs")
    time.sleep(3)
