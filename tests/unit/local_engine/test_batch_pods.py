"""Batch jobs on EKS: pods as processes, with records as AWS Batch has them."""

from typing import Any

import pytest

from jetbridge.backends.changes import from_job
from jetbridge.backends.log_sources import job_log_sources
from jetbridge.contract import Cause
from jetbridge.failures import judge
from jetbridge.runs.run import Definition

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/job:1"
NAME = "jb-5f0c7a10-kijdbjuyw4ra7nhkh5fm-1-train"


def container(name: str | None, script: str, **more: Any) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    resources = {"requests": {"cpu": "500m", "memory": "512Mi"}}
    command = {"command": ["sh", "-c"], "args": [script]}
    return {"image": IMAGE, "resources": resources, **command, **named, **more}


def define(cloud: Any, *containers: dict[str, Any], **members: Any) -> str:
    pod = {"containers": list(containers)} | members.pop("pod", {})
    answer = cloud.batch(
        "RegisterJobDefinition",
        jobDefinitionName="train",
        type="container",
        eksProperties={"podProperties": pod},
        **members,
    )
    return str(answer["jobDefinitionArn"])


def run(cloud: Any, *containers: dict[str, Any], **members: Any) -> dict[str, Any]:
    submitted = members.pop("submit", {})
    definition = define(cloud, *containers, **members)
    return dict(cloud.wait_for_job(cloud.submit(definition, jobName=NAME, **submitted)))


def cause(cloud: Any, job: dict[str, Any]) -> str:
    change = from_job(job, "5f0c7a10")
    assert change is not None
    assert change.ending is not None
    [defined] = cloud.batch("DescribeJobDefinitions", jobDefinitions=[job["jobDefinition"]])[
        "jobDefinitions"
    ]
    definition = Definition(arn="d", log_sources=job_log_sources(defined))
    return judge(change.ending, definition).cause.value


def test_a_pod_that_succeeds(cloud: Any) -> None:
    job = run(cloud, container("train", "test -n $AWS_BATCH_JOB_ID"))
    assert (job["status"], job["attempts"]) == ("SUCCEEDED", [])
    assert "container" not in job
    [attempt] = job["eksAttempts"]
    assert attempt["containers"] == [{"name": "train", "exitCode": 0, "reason": "Completed"}]
    assert attempt["podName"].startswith("aws-batch.")
    assert attempt["startedAt"] <= attempt["stoppedAt"]
    [present] = job["eksProperties"]["podProperties"]["containers"]
    assert (present["exitCode"], present["reason"]) == (0, "Completed")
    assert cause(cloud, job) == Cause.COMPLETED
    assert not cloud.around.streams, "Batch names no log group for a pod"
    statuses = cloud.statuses(job["jobId"])
    assert statuses == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]


def test_each_container_has_its_exit_code_and_all_must_end(cloud: Any) -> None:
    job = run(cloud, container("train", "exit 3"), container("side", "sleep 0.2; exit 0"))
    [attempt] = job["eksAttempts"]
    assert {each["name"]: each["exitCode"] for each in attempt["containers"]} == {
        "train": 3,
        "side": 0,
    }
    assert (job["status"], cause(cloud, job)) == ("FAILED", Cause.APPLICATION_EXIT)


def test_a_pods_attempts_are_repeated(cloud: Any) -> None:
    job = run(
        cloud,
        container(None, "test $AWS_BATCH_JOB_ATTEMPT = 2"),
        retryStrategy={"attempts": 3},
    )
    codes = [each["containers"][0]["exitCode"] for each in job["eksAttempts"]]
    assert (job["status"], codes) == ("SUCCEEDED", [1, 0])
    assert job["eksAttempts"][0]["containers"][0]["name"] == "Default"
    assert len({each["podName"] for each in job["eksAttempts"]}) == 2


def test_containers_that_prepare_the_pod_come_first(cloud: Any) -> None:
    first = container("fetch", "exit 7")
    job = run(cloud, container("train", "exit 0"), pod={"initContainers": [first]})
    [attempt] = job["eksAttempts"]
    assert attempt["initContainers"] == [{"name": "fetch", "exitCode": 7, "reason": "Error"}]
    assert attempt["containers"] == [{"name": "train"}]
    assert (job["status"], cause(cloud, job)) == ("FAILED", Cause.APPLICATION_EXIT)


def test_an_image_that_is_not_there(cloud: Any) -> None:
    job = run(cloud, container("train", "exit 0", image="another:1"))
    [attempt] = job["eksAttempts"]
    assert attempt["containers"][0]["reason"].startswith("ErrImagePull: ")
    assert "exitCode" not in attempt["containers"][0]
    assert cause(cloud, job) in (Cause.IMAGE_NOT_FOUND, Cause.IMAGE_PULL)


def test_a_command_that_is_not_there(cloud: Any) -> None:
    job = run(cloud, container("train", "", command=["/no/such/program"], args=[]))
    [attempt] = job["eksAttempts"]
    [ended] = attempt["containers"]
    assert (ended["exitCode"], ended["reason"].partition(":")[0]) == (128, "StartError")
    assert cause(cloud, job) == Cause.MISCONFIGURATION


def test_a_pod_that_is_terminated(cloud: Any) -> None:
    definition = define(cloud, container("train", "sleep 60"))
    job_id = cloud.submit(definition, jobName=NAME)
    cloud.wait_for_job(job_id, "RUNNING")
    reason = "Timeout waiting for the nightly export"
    cloud.batch("TerminateJob", jobId=job_id, reason=reason)
    job = cloud.wait_for_job(job_id)
    assert (job["status"], job["statusReason"], job["isTerminated"]) == ("FAILED", reason, True)
    assert job["eksAttempts"][0]["containers"][0]["exitCode"] == 143
    assert cause(cloud, job) == Cause.STOPPED_BY_USER


def test_a_submission_overrides_the_pod(cloud: Any) -> None:
    script = "test $GREETING = hello && test $0 = x"
    definition = define(cloud, container("train", "exit 1", env=[{"name": "A", "value": "b"}]))
    change = {
        "name": "train",
        "command": ["sh", "-c", script, "Ref::word"],
        "args": [],
        "env": [{"name": "GREETING", "value": "hello"}],
    }
    override = {"podProperties": {"containers": [change]}}
    job_id = cloud.submit(
        definition, jobName=NAME, eksPropertiesOverride=override, parameters={"word": "x"}
    )
    job = cloud.wait_for_job(job_id)
    assert job["status"] == "SUCCEEDED"
    [sent] = job["eksProperties"]["podProperties"]["containers"]
    assert [pair["name"] for pair in sent["env"]] == ["A", "GREETING"]


def test_children_of_an_array_on_eks(cloud: Any) -> None:
    script = "exit $AWS_BATCH_JOB_ARRAY_INDEX"
    job = run(cloud, container("train", script), submit={"arrayProperties": {"size": 2}})
    assert (job["status"], job["statusReason"]) == ("FAILED", "Array Child Job failed")
    failed = cloud.job(f"{job['jobId']}:1")
    assert failed["eksAttempts"][0]["containers"][0]["exitCode"] == 1


@pytest.mark.parametrize(
    ("pod", "said"),
    [
        ({"containers": []}, "must have containers"),
        ({"containers": [{"name": "a", "image": IMAGE}]}, "vCPU"),
        ({"containers": [container("a", ""), container("a", "")]}, "different names"),
        ({"containers": [container("a", "", image="")]}, "image"),
    ],
)
def test_a_pod_that_cannot_run_is_refused(cloud: Any, pod: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception, match=said):
        cloud.batch(
            "RegisterJobDefinition",
            jobDefinitionName="train",
            type="container",
            eksProperties={"podProperties": pod},
        )
