"""Multi-node parallel jobs: nodes that run together, of which the main one is the job."""

from typing import Any

import pytest

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/job:1"


def container(script: str) -> dict[str, Any]:
    return {
        "image": IMAGE,
        "command": ["sh", "-c", script],
        "resourceRequirements": [
            {"type": "VCPU", "value": "1"},
            {"type": "MEMORY", "value": "512"},
        ],
    }


def define(cloud: Any, ranges: dict[str, str], nodes: int, main: int = 0, **members: Any) -> str:
    answer = cloud.batch(
        "RegisterJobDefinition",
        jobDefinitionName="simulation",
        type="multinode",
        nodeProperties={
            "numNodes": nodes,
            "mainNode": main,
            "nodeRangeProperties": [
                {"targetNodes": target, "container": container(script)}
                for target, script in ranges.items()
            ],
        },
        **members,
    )
    return str(answer["jobDefinitionArn"])


def test_nodes_run_together_and_the_main_one_is_the_job(cloud: Any) -> None:
    """The main node waits for the other: they can only end if both run."""
    script = "echo node $AWS_BATCH_JOB_NODE_INDEX of $AWS_BATCH_JOB_NUM_NODES"
    definition = define(cloud, {"0:": script}, nodes=2)
    job = cloud.wait_for_job(cloud.submit(definition))
    assert (job["status"], job["nodeProperties"]["numNodes"]) == ("SUCCEEDED", 2)
    assert "container" not in job
    nodes = [cloud.job(f"{job['jobId']}#{index}") for index in range(2)]
    assert [cloud.job_log(nodes[0])] == [["node 0 of 2"]]
    assert nodes[0]["nodeDetails"] == {"nodeIndex": 0, "isMainNode": True}
    [attempt] = job["attempts"]
    assert attempt == nodes[0]["attempts"][0], "the main node's, with its stream"
    listed = cloud.batch("ListJobs", multiNodeJobId=job["jobId"], jobStatus="SUCCEEDED")
    assert listed["jobSummaryList"][0]["nodeProperties"]["isMainNode"] is True
    in_queue = cloud.batch("ListJobs", jobQueue="queue", jobStatus="SUCCEEDED")["jobSummaryList"]
    assert [each["jobId"] for each in in_queue] == [job["jobId"]]


def test_the_main_nodes_end_ends_the_others(cloud: Any) -> None:
    definition = define(cloud, {"0:": "sleep 60", "1": "sleep 0.3; exit 3"}, nodes=3, main=1)
    job = cloud.wait_for_job(cloud.submit(definition))
    assert job["status"] == "FAILED"
    assert [a["container"]["exitCode"] for a in job["attempts"]] == [3]
    for index in (0, 2):
        node = cloud.job(f"{job['jobId']}#{index}")
        assert (node["status"], node["container"]["exitCode"]) == ("FAILED", 143)
    assert cloud.statuses(job["jobId"])[-2:] == ["RUNNING", "FAILED"]


def test_a_job_that_is_terminated_ends_with_its_nodes(cloud: Any) -> None:
    definition = define(cloud, {":1": "sleep 60"}, nodes=2)
    job_id = cloud.submit(definition)
    for index in range(2):
        cloud.wait_for_job(f"{job_id}#{index}", "RUNNING")
    cloud.batch("TerminateJob", jobId=job_id, reason="no longer needed")
    job = cloud.wait_for_job(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "no longer needed")
    assert job["isTerminated"] is True
    assert {cloud.job(f"{job_id}#{index}")["status"] for index in range(2)} == {"FAILED"}


def test_a_submission_overrides_ranges_and_the_number_of_nodes(cloud: Any) -> None:
    definition = define(cloud, {"0:": "exit 9"}, nodes=2)
    change = {"targetNodes": "0:", "containerOverrides": {"command": ["sh", "-c", "exit 0"]}}
    overrides = {"numNodes": 3, "nodePropertyOverrides": [change]}
    job = cloud.wait_for_job(cloud.submit(definition, nodeOverrides=overrides))
    assert (job["status"], job["nodeProperties"]["numNodes"]) == ("SUCCEEDED", 3)


@pytest.mark.parametrize(
    ("ranges", "nodes", "main", "said"),
    [
        ({"0": "exit 0"}, 2, 0, "no range has node 1"),
        ({"0:": "exit 0"}, 2, 2, "mainNode"),
        ({"x": "exit 0"}, 1, 0, "no range of nodes"),
        ({"0:": "exit 0"}, 0, 0, "numNodes"),
    ],
)
def test_nodes_that_cannot_run_are_refused(
    cloud: Any, ranges: dict[str, str], nodes: int, main: int, said: str
) -> None:
    with pytest.raises(Exception, match=said):
        define(cloud, ranges, nodes, main)


def test_attempts_of_a_multi_node_job_are_refused(cloud: Any) -> None:
    with pytest.raises(Exception, match="retryStrategy"):
        define(cloud, {"0:": "exit 0"}, 2, retryStrategy={"attempts": 2})
