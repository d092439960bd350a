"""What the audit reads: living tasks and jobs by the token, and where they may be."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from jetbridge_testing.samples import event
from jetbridge_testing.stand_ins import as_client

from jetbridge.backends.batch import BatchBackend
from jetbridge.backends.ecs import EcsBackend

PREFIX = "jb-5f0c7a10-"
STATUSES = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"]


def _task(number: int, started_by: str | None) -> dict[str, Any]:
    return {"taskArn": f"arn/{number}"} | ({"startedBy": started_by} if started_by else {})


def _summary(number: int, name: str) -> dict[str, Any]:
    return {"jobId": f"job-{number}", "jobName": name}


def test_a_cluster_s_tasks_are_told_apart_by_their_token() -> None:
    listed = {"cluster": "reports", "desiredStatus": "RUNNING", "maxResults": 100}
    with Stubber(boto3.client("ecs")) as stub:
        stub.add_response("list_tasks", {"taskArns": [], "nextToken": "2"}, listed)
        arns = [f"arn/{n}" for n in range(4)]
        stub.add_response("list_tasks", {"taskArns": arns}, listed | {"nextToken": "2"})
        tasks = [
            _task(0, f"{PREFIX}{'a' * 20}-1"),
            _task(1, "ecs-svc/2770844949256052681"),
            _task(2, None),
            _task(3, "jb-ffffffff-" + "a" * 20 + "-1"),
        ]
        asked = {"cluster": "reports", "tasks": arns}
        stub.add_response("describe_tasks", {"tasks": tasks}, asked)
        pages = list(EcsBackend(as_client(stub.client)).living("reports", PREFIX))
        stub.assert_no_pending_responses()
    assert [[task["taskArn"] for task in page] for page in pages] == [[], ["arn/0"]]


def test_jobs_of_each_living_status_and_of_no_other() -> None:
    detail = event("batch_running")["detail"]
    job = {name: detail[name] for name in ("jobId", "jobName", "jobQueue", "status")}
    job |= {"startedAt": 1, "jobDefinition": detail["jobDefinition"]}
    with Stubber(boto3.client("batch")) as stub:
        for status in STATUSES:
            found = [_summary(1, "theirs"), _summary(2, f"{PREFIX}{'a' * 20}-1-load")]
            answer = {"jobSummaryList": found if status == "RUNNABLE" else []}
            stub.add_response("list_jobs", answer, {"jobQueue": "loads", "jobStatus": status})
            if status == "RUNNABLE":
                stub.add_response("describe_jobs", {"jobs": [job]}, {"jobs": ["job-2"]})
        pages = list(BatchBackend(as_client(stub.client)).living("loads", PREFIX))
        stub.assert_no_pending_responses()
    assert pages == [[job]]


@pytest.mark.parametrize("count", [1, 250])
def test_jobs_are_described_by_the_hundred(count: int) -> None:
    with Stubber(boto3.client("batch")) as stub:
        for status in STATUSES:
            ours = [_summary(n, f"{PREFIX}{'a' * 20}-1-load") for n in range(count)]
            stub.add_response("list_jobs", {"jobSummaryList": ours if status == "PENDING" else []})
            for first in range(0, count if status == "PENDING" else 0, 100):
                asked = [f"job-{n}" for n in range(first, min(first + 100, count))]
                stub.add_response("describe_jobs", {"jobs": []}, {"jobs": asked})
        list(BatchBackend(as_client(stub.client)).living("loads", PREFIX))
        stub.assert_no_pending_responses()


def test_places_of_all_pages() -> None:
    with Stubber(boto3.client("ecs")) as stub:
        listed = {"maxResults": 100}
        stub.add_response("list_clusters", {"clusterArns": ["a"], "nextToken": "2"}, listed)
        stub.add_response("list_clusters", {"clusterArns": ["b"]}, listed | {"nextToken": "2"})
        assert EcsBackend(as_client(stub.client)).places() == ["a", "b"]
    queue = {
        "jobQueueName": "loads",
        "jobQueueArn": "q",
        "state": "ENABLED",
        "priority": 1,
        "computeEnvironmentOrder": [],
    }
    with Stubber(boto3.client("batch")) as stub:
        stub.add_response("describe_job_queues", {"jobQueues": [queue], "nextToken": "2"}, {})
        stub.add_response("describe_job_queues", {"jobQueues": []}, {"nextToken": "2"})
        assert BatchBackend(as_client(stub.client)).places() == ["q"]
