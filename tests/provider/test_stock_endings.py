"""The same end, read by the amazon provider's operator and by ours: DescribeTasks' and
DescribeJobs' records in, success, skip or failure out. Where they differ, the guide has a row."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from airflow.providers.amazon.aws.exceptions import EcsTaskFailToStart
from airflow.providers.amazon.aws.hooks.batch_client import BatchClientHook
from airflow.providers.amazon.aws.operators.batch import BatchOperator as StockBatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator as StockEcsRunTaskOperator
from airflow.providers.common.compat.sdk import AirflowException, AirflowSkipException

from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from jetbridge.aws.records import Fields
from jetbridge.backends.job_records import job_change
from jetbridge.backends.task_records import task_change
from jetbridge.failures import judge, reason_of
from jetbridge.outcomes.exit_codes import deciding_names, exit_codes_of
from jetbridge.runs.run import Definition, LogSource

GUIDE = (Path(__file__).parents[2] / "docs" / "how-to" / "migration.md").read_text()
ARN = "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e"
ECS: dict[str, Any] = {"task_id": "job", "task_definition": "t", "cluster": "c", "overrides": {}}
BATCH: dict[str, Any] = {"task_id": "job", "job_name": "n", "job_definition": "d", "job_queue": "q"}

MAIN = (0, 1, 99, 137, None)
SIDE = ("absent", 0, 1, 99, 143, None)
STOPS = {
    "EssentialContainerExited": "Essential container in task exited",
    "TaskFailedToStart": "CannotPullContainerError: manifest unknown",
    "UserInitiated": "Task stopped by user",
    "SpotInterruption": "Your Spot Task was interrupted.",
    "": "Host EC2 (instance i-0123456789abcdef0) terminated.",
}
SKIPS = (None, 99, [98, 99], {1}, range(130, 150))

ROWS = {
    "side": "a container that isn't essential",
    "no code": "a missing exit code is no 1",
    "stopped": "a task that a person or AWS stopped",
    "all": "skips if every essential container that fails exits with such a code",
}
"""Why they may differ, and the words of the guide's row."""


def kind(call: Any) -> tuple[str, BaseException | None]:
    try:
        call()
    except AirflowSkipException as skip:
        return "skipped", skip
    except (AirflowException, EcsTaskFailToStart) as error:
        return "failed", error
    return "succeeded", None


def record(main: Any, side: Any, code: str) -> dict[str, Any]:
    ends = [("main", main)] + ([] if side == "absent" else [("side", side)])
    task: dict[str, Any] = {
        "taskArn": ARN,
        "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/c",
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/t:1",
        "lastStatus": "STOPPED",
        "stoppedReason": STOPS[code],
        "containers": [
            {"name": name, "lastStatus": "STOPPED"} | ({} if exit is None else {"exitCode": exit})
            for name, exit in ends
        ],
    }
    if code:
        task["stopCode"] = code
    if code != "TaskFailedToStart":
        task["startedAt"] = 1_767_225_000
    return task


def by_stock(task: dict[str, Any], skip: Any) -> tuple[str, BaseException | None]:
    operator = StockEcsRunTaskOperator(**ECS, skip_on_exit_code=skip)
    operator.arn = ARN
    operator.client = MagicMock()
    operator.client.describe_tasks.return_value = {"tasks": [task]}
    return kind(operator._check_success_task)


def by_ours(change: Any, sources: list[LogSource], operator: Any, ti: Any, make_event: Any) -> Any:
    """What finish_run makes of the record, and the operator of that."""
    definition = Definition(arn="d", log_sources=sources)
    verdict = judge(change.ending, definition)
    event = make_event(
        state=verdict.state,
        cause=verdict.cause,
        fault=verdict.fault,
        backend=change.backend,
        backend_id=change.backend_id,
        started_at=change.ending.started_at,
        reason=reason_of(change.ending, definition),
        exit_codes=exit_codes_of(change.ending, definition),
        deciding=deciding_names(change.ending, definition),
    )
    return kind(lambda: operator.execute_complete({"ti": ti}, event))


def why_other(main: Any, side: Any, code: str, skip: Any, essential: bool) -> set[str]:
    """The guide's rows that are about this end."""
    failing = [each for each in (main, side) if each not in (0, "absent")]
    told = set()
    if side not in (0, "absent") and not essential:
        told.add("side")
    if None in failing:
        told.add("no code")
    if code in ("UserInitiated", "SpotInterruption"):
        told.add("stopped")
    if len(failing) > 1 and skip is not None:
        told.add("all")
    return told


@pytest.mark.parametrize("code", STOPS)
@pytest.mark.parametrize("essential", [True, False])
def test_an_ecs_task_ends_as_there(
    code: Any, essential: bool, ti: Any, make_event: Callable[..., dict[str, Any]]
) -> None:
    sources = [
        LogSource(container="main", driver="awslogs"),
        LogSource(container="side", driver="awslogs", essential=essential),
    ]
    same = 0
    for main, side, skip in product(MAIN, SIDE, SKIPS):
        task = record(main, side, code)
        there, error = by_stock(task, skip)
        operator = EcsRunTaskOperator(**ECS, skip_on_exit_code=skip)
        change = task_change(Fields(task), "r1")
        here, ours = by_ours(change, sources, operator, ti, make_event)
        case = (main, side, code, skip, essential)
        assert here == there or why_other(*case), (case, here, there)
        same += here == there
        if here == there == "failed" and code != "UserInitiated":
            assert isinstance(ours, EcsTaskFailToStart) == isinstance(error, EcsTaskFailToStart)
            assert str(ours).startswith(str(error).removesuffix(str(task))), case
    assert same >= len(MAIN) * len(SKIPS), "few are compared"
    assert all(words in GUIDE for words in ROWS.values())


JOBS = [
    ({"status": "SUCCEEDED", "statusReason": "Essential container in task exited"}, 0),
    ({"status": "FAILED", "statusReason": "Essential container in task exited"}, 1),
    ({"status": "FAILED", "statusReason": "Host EC2 (instance i-0123) terminated."}, None),
    ({"status": "FAILED", "statusReason": "Task failed to start"}, None),
    ({"status": "FAILED"}, None),
    ({"status": "FAILED", "statusReason": "no longer wanted", "isTerminated": True}, 143),
    ({"status": "FAILED", "statusReason": "no longer wanted", "isCancelled": True}, None),
]


@pytest.mark.parametrize(("said", "code"), JOBS)
def test_a_batch_job_ends_as_there(
    said: Any,
    code: Any,
    ti: Any,
    make_event: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    container = {} if code is None else {"exitCode": code}
    attempt = {"container": container, "statusReason": said.get("statusReason", "")}
    job = {
        "jobId": "1b2c",
        "jobQueue": "arn:aws:batch:eu-central-1:123456789012:job-queue/q",
        "jobDefinition": "arn:aws:batch:eu-central-1:123456789012:job-definition/d:1",
        "attempts": [] if code is None else [attempt],
        "container": container,
        **said,
    }
    client = MagicMock()
    client.describe_jobs.return_value = {"jobs": [job]}
    monkeypatch.setattr(BatchClientHook, "get_conn", lambda self: client)
    stock = StockBatchOperator(**BATCH)
    there, error = kind(lambda: stock.hook.check_job_success("1b2c"))
    change = job_change(Fields(job), "r1")
    sources = [LogSource(container="default", driver="awslogs")]
    here, ours = by_ours(change, sources, BatchOperator(**BATCH), ti, make_event)
    assert here == there
    if error is not None:
        assert str(ours).startswith(str(error).removesuffix(str(job)).removesuffix(": "))
