"""AWS Batch's operations: what they answer and what they refuse."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from jetbridge_local.engine import AwsError


def refused(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        call(*arguments, **parameters)
    assert (caught.value.code, caught.value.status) == ("ClientException", 400)
    return caught.value


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"jobQueue": "none"}, "JobQueue none not found."),
        ({"definition": "none"}, "JobDefinition name none does not exist or is not in ACTIVE"),
        ({"definition": "job:9"}, "JobDefinition name job:9 does not exist"),
        (
            {"definition": "arn:aws:batch:eu-west-1:123456789012:job-definition/x:1"},
            "JobDefinition arn:aws:batch:eu-west-1:123456789012:job-definition/x:1 not found.",
        ),
        ({"jobName": "no.dots"}, "Job name should match valid pattern"),
        ({"jobName": "x" * 129}, "Job name should match valid pattern"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "at least 60"),
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
        (
            {"retryStrategy": {"evaluateOnExit": [{"onExitCode": "1", "action": "EXIT"}] * 6}},
            "at most 5",
        ),
        (
            {"retryStrategy": {"evaluateOnExit": [{"onReason": "a*b", "action": "EXIT"}]}},
            "onReason",
        ),
        ({"arrayProperties": {"size": 1}}, "between 2 and 10000"),
        ({"arrayProperties": {"size": 10_001}}, "between 2 and 10000"),
        ({"dependsOn": [{"jobId": "none"}]}, "Job dependency none not found."),
        ({"dependsOn": [{"type": "SEQUENTIAL"}]}, "array jobs only"),
        ({"dependsOn": [{"jobId": "x"}] * 21}, "at most 20"),
        ({"parameters": {"big": "x" * 30 * 1024}}, "limit of 30720 bytes"),
        ({"ecsPropertiesOverride": {}}, "ecsPropertiesOverride"),
        (
            {"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "3"}]}},
            "not valid",
        ),
    ],
)
def test_submit_job_refuses(cloud: Any, parameters: dict[str, Any], said: str) -> None:
    cloud.define_job(script="exit 0")
    assert said in refused(cloud.submit, **parameters).message
    every = {"name": "AFTER_CREATED_AT", "values": ["0"]}
    assert cloud.batch("ListJobs", jobQueue="queue", filters=[every])["jobSummaryList"] == []


def test_n_to_n_needs_two_arrays_of_a_size(cloud: Any) -> None:
    other = cloud.submit_script("exit 0", arrayProperties={"size": 3})
    depends = [{"jobId": other, "type": "N_TO_N"}]
    error = refused(cloud.submit, arrayProperties={"size": 2}, dependsOn=depends)
    assert "same size" in error.message


def test_definition_and_queue_by_every_kind_of_name(cloud: Any) -> None:
    first = cloud.define_job(script="exit 1")
    second = cloud.define_job(script="exit 0")
    queue = cloud.batch("DescribeJobQueues")["jobQueues"][0]["jobQueueArn"]
    for reference, expected in (("job", second), ("job:1", first), (first, first)):
        job = cloud.job(cloud.submit(reference, jobQueue=queue))
        assert (job["jobDefinition"], job["jobQueue"]) == (expected, queue)
    cloud.batch("DeregisterJobDefinition", jobDefinition=second)
    assert cloud.job(cloud.submit("job"))["jobDefinition"] == first
    assert "not found" in refused(cloud.submit, second).message


def test_a_queue_that_is_disabled_takes_no_jobs(cloud: Any) -> None:
    cloud.define_job(script="exit 0")
    cloud.batch("UpdateJobQueue", jobQueue="queue", state="DISABLED")
    assert "ENABLED" in refused(cloud.submit).message


def test_describe_jobs_leaves_out_what_it_doesn_t_know(cloud: Any) -> None:
    job_id = cloud.submit_script("exit 0")
    assert [j["jobId"] for j in cloud.batch("DescribeJobs", jobs=["x", job_id])["jobs"]] == [job_id]
    assert "100" in refused(cloud.batch, "DescribeJobs", jobs=["x"] * 101).message


@pytest.mark.parametrize("operation", ["TerminateJob", "CancelJob"])
def test_ending_what_isn_t_there(cloud: Any, operation: str) -> None:
    assert "not found" in refused(cloud.batch, operation, jobId="none", reason="r").message


def test_fifty_jobs_are_terminated_at_once_at_most(cloud: Any) -> None:
    assert "50" in refused(cloud.batch, "TerminateJobs", jobs=["x"] * 51, reason="r").message


def names(answer: dict[str, Any]) -> list[str]:
    return [job["jobName"] for job in answer["jobSummaryList"]]


def test_list_jobs(cloud: Any) -> None:
    before = str(int(time.time() * 1000) - 1000)
    cloud.define_job(script="exit 0")
    sleeping = cloud.define_job("sleeping", "sleep 30")
    for name in ("Alpha-1", "alpha-2", "beta"):
        cloud.wait_for_job(cloud.submit(jobName=name))
    cloud.wait_for_job(cloud.submit(sleeping, jobName="asleep"), "RUNNING")
    array = cloud.submit(sleeping, jobName="many", arrayProperties={"size": 2})
    cloud.wait_for_job(f"{array}:0", "RUNNING")
    cloud.wait_for_job(f"{array}:1", "RUNNING")
    after = str(int(time.time() * 1000) + 1000)

    def by(name: str, value: str) -> list[str]:
        filters = [{"name": name, "values": [value]}]
        return names(cloud.batch("ListJobs", jobQueue="queue", filters=filters))

    assert names(cloud.batch("ListJobs", jobQueue="queue")) == ["asleep"]
    succeeded = cloud.batch("ListJobs", jobQueue="queue", jobStatus="SUCCEEDED")
    assert names(succeeded) == ["beta", "alpha-2", "Alpha-1"]
    assert succeeded["jobSummaryList"][0]["container"] == {"exitCode": 0}
    assert by("JOB_NAME", "alpha-1") == ["Alpha-1"]
    assert by("JOB_NAME", "ALPHA*") == ["alpha-2", "Alpha-1"]
    assert by("JOB_NAME", "alpha") == []
    assert by("JOB_DEFINITION", "sleeping") == ["many", "asleep"]
    assert by("JOB_DEFINITION", "sleeping:1") == ["many", "asleep"]
    assert by("JOB_DEFINITION", sleeping) == ["many", "asleep"]
    assert len(by("AFTER_CREATED_AT", before)) == 5
    assert by("AFTER_CREATED_AT", after) == []
    assert len(by("BEFORE_CREATED_AT", after)) == 5
    children = cloud.batch("ListJobs", arrayJobId=array)["jobSummaryList"]
    assert [c["arrayProperties"]["index"] for c in children] == [0, 1]
    assert cloud.batch("ListJobs", arrayJobId=array, jobStatus="FAILED")["jobSummaryList"] == []


def test_list_jobs_pages_while_new_jobs_come(cloud: Any) -> None:
    cloud.define_job(script="exit 0")
    ids = [cloud.submit(jobName=f"job-{n}") for n in range(5)]
    ask = {"jobQueue": "queue", "maxResults": 2, "filters": [{"name": "JOB_NAME", "values": ["*"]}]}
    page = cloud.batch("ListJobs", **ask)
    found = names(page)
    cloud.submit(jobName="newer")
    while token := page.get("nextToken"):
        page = cloud.batch("ListJobs", **ask, nextToken=token)
        found += names(page)
    assert found == [f"job-{n}" for n in reversed(range(len(ids)))]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "Provide one of"),
        ({"jobQueue": "queue", "arrayJobId": "x"}, "Provide one of"),
        ({"jobQueue": "none"}, "JobQueue none not found."),
        ({"jobQueue": "queue", "filters": [{"name": "NAME", "values": ["x"]}]}, "NAME"),
        ({"jobQueue": "queue", "filters": [{"name": "AFTER_CREATED_AT", "values": ["x"]}]}, "ms"),
        ({"jobQueue": "queue", "maxResults": 0}, "maxResults"),
        ({"jobQueue": "queue", "nextToken": "nonsense"}, "Invalid token"),
    ],
)
def test_list_jobs_refuses(cloud: Any, parameters: dict[str, Any], said: str) -> None:
    message = refused(cloud.batch, "ListJobs", **parameters).message
    assert said.replace("ms", "milliseconds") in message


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"jobDefinitionName": "no dots."}, "Job definition name should match valid pattern"),
        ({"type": "multinode"}, "multinode"),
        ({"containerProperties": None}, "containerProperties"),
        ({"containerProperties": {"image": "i"}}, "vCPU is not provided."),
        (
            {
                "containerProperties": {
                    "image": "i",
                    "resourceRequirements": [{"type": "VCPU", "value": "1"}],
                }
            },
            "Memory is not provided.",
        ),
        ({"platformCapabilities": ["FARGATE"]}, "executionRoleArn"),
        ({"timeout": {"attemptDurationSeconds": 1}}, "at least 60"),
        ({"ecsProperties": {"taskProperties": []}}, "several containers"),
        ({"eksProperties": {}}, "Only one of containerProperties and eksProperties"),
    ],
)
def test_register_refuses(cloud: Any, members: dict[str, Any], said: str) -> None:
    size = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    definition = {
        "jobDefinitionName": "job",
        "type": "container",
        "containerProperties": {"image": "i", "resourceRequirements": size},
    } | members
    given = {name: value for name, value in definition.items() if value is not None}
    assert said in refused(cloud.batch, "RegisterJobDefinition", **given).message


def test_definitions(cloud: Any) -> None:
    first, second = cloud.define_job(script="exit 0"), cloud.define_job(script="exit 0")
    other = cloud.define_job("other", "exit 0", tags={"a": "b"})

    def arns(**parameters: Any) -> list[str]:
        answer = cloud.batch("DescribeJobDefinitions", **parameters)
        return [d["jobDefinitionArn"] for d in answer["jobDefinitions"]]

    assert arns() == [first, second, other]
    assert arns(jobDefinitionName="job") == [first, second]
    assert arns(jobDefinitions=["job:2", other]) == [second, other]
    assert arns(jobDefinitions=["job", second.rpartition(":")[0]]) == []
    cloud.batch("DeregisterJobDefinition", jobDefinition="job:1")
    assert arns(jobDefinitionName="job", status="ACTIVE") == [second]
    page = cloud.batch("DescribeJobDefinitions", maxResults=2)
    assert len(page["jobDefinitions"]) == 2
    assert arns(nextToken=page["nextToken"]) == [other]


def test_queues_and_environments_go_in_order(cloud: Any) -> None:
    environment = cloud.batch("DescribeComputeEnvironments")["computeEnvironments"][0]
    queue = cloud.batch("DescribeJobQueues", jobQueues=["queue"])["jobQueues"][0]
    assert queue["computeEnvironmentOrder"] == [
        {"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}
    ]
    assert (queue["status"], environment["status"]) == ("VALID", "VALID")
    refused(cloud.batch, "DeleteComputeEnvironment", computeEnvironment="environment")
    assert "ENABLED" in refused(cloud.batch, "DeleteJobQueue", jobQueue="queue").message
    running = cloud.submit_script("exec sleep 30")
    cloud.wait_for_job(running, "RUNNING")
    cloud.batch("UpdateJobQueue", jobQueue="queue", state="DISABLED")
    cloud.batch("DeleteJobQueue", jobQueue="queue")
    assert cloud.wait_for_job(running)["status"] == "FAILED"
    target = {"computeEnvironment": "environment"}
    assert "ENABLED" in refused(cloud.batch, "DeleteComputeEnvironment", **target).message
    cloud.batch("UpdateComputeEnvironment", **target, state="DISABLED")
    cloud.batch("DeleteComputeEnvironment", **target)
    assert cloud.batch("DescribeComputeEnvironments")["computeEnvironments"] == []
    assert cloud.batch("DescribeJobQueues")["jobQueues"] == []


def test_a_queue_needs_environments_that_are_there(cloud: Any) -> None:
    order = [{"order": 1, "computeEnvironment": "none"}]
    ask = {"jobQueueName": "second", "priority": 1}
    refused(cloud.batch, "CreateJobQueue", **ask, computeEnvironmentOrder=order)
    refused(cloud.batch, "CreateJobQueue", **ask, computeEnvironmentOrder=[])
    ask["jobQueueName"] = "queue"
    order[0]["computeEnvironment"] = "environment"
    message = refused(cloud.batch, "CreateJobQueue", **ask, computeEnvironmentOrder=order).message
    assert message == "Object already exists"


def test_the_queue_with_the_higher_priority_goes_first(cloud: Any) -> None:
    target = {"computeEnvironment": "environment"}
    order = [{"order": 1, **target}]
    cloud.batch("CreateJobQueue", jobQueueName="fast", priority=9, computeEnvironmentOrder=order)
    cloud.batch("UpdateComputeEnvironment", **target, computeResources={"maxvCpus": 0})
    size = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    cloud.define_job(script="sleep 0.05", container={"resourceRequirements": size})
    slow, fast = cloud.submit(), cloud.submit(jobQueue="fast")
    cloud.wait_for_job(slow, "RUNNABLE")
    cloud.wait_for_job(fast, "RUNNABLE")
    time.sleep(0.05)
    cloud.batch("UpdateComputeEnvironment", **target, computeResources={"maxvCpus": 1})
    cloud.wait_for_job(slow)
    assert cloud.job(slow)["startedAt"] >= cloud.job(fast)["stoppedAt"]


def test_tags_of_every_kind_of_resource(cloud: Any) -> None:
    job = cloud.job(cloud.submit_script("exit 0", tags={"own": "1"}))
    arns = [
        job["jobArn"],
        job["jobDefinition"],
        job["jobQueue"],
        cloud.batch("DescribeComputeEnvironments")["computeEnvironments"][0][
            "computeEnvironmentArn"
        ],
    ]
    for arn in arns:
        before = cloud.batch("ListTagsForResource", resourceArn=arn)["tags"]
        cloud.batch("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"})
        cloud.batch("UntagResource", resourceArn=arn, tagKeys=["a"])
        assert cloud.batch("ListTagsForResource", resourceArn=arn)["tags"] == before | {"b": "2"}
    refused(cloud.batch, "ListTagsForResource", resourceArn=arns[0] + "x")


def test_a_definition_s_tags_propagate_if_asked(cloud: Any) -> None:
    cloud.define_job(script="exit 0", tags={"a": "definition", "b": "definition"})
    assert cloud.job(cloud.submit())["tags"] == {}
    job = cloud.job(cloud.submit(propagateTags=True, tags={"a": "job"}))
    assert job["tags"] == {"a": "job", "b": "definition"}
