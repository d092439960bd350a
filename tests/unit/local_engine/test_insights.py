"""Container Insights on the local ECS and Batch: what real processes use."""

import json
from collections.abc import Callable
from typing import Any

import pytest

SETTINGS = [{"name": "containerInsights", "value": "enabled"}]
# The process grows by 64 MiB, keeps a processor busy for a second of its own time, and waits.
BUSY = """python3 -c "
import time
kept = bytearray(b'x' * (64 * 1024 * 1024))
while time.process_time() < 1: pass
time.sleep(60)
"
"""


@pytest.fixture
def quick(make_cloud: Callable[..., Any]) -> Any:
    return make_cloud(insights_seconds=0.2)


def events(cloud: Any, cluster: str) -> list[dict[str, Any]]:
    group = f"/aws/ecs/containerinsights/{cluster}/performance"
    found = []
    for (of_group, stream), lines in list(cloud.around.streams.items()):
        if of_group == group:
            assert stream.startswith("FargateTelemetry-")
            found += [json.loads(line["message"]) for line in lines]
    return found


def test_an_ecs_task_is_measured_while_it_runs(quick: Any) -> None:
    quick.ecs("UpdateCluster", cluster="default", settings=SETTINGS)
    arn = quick.start(BUSY)

    def measured() -> bool:
        found = events(quick, "default")
        return any(each["MemoryUtilized"] >= 64 for each in found) and any(
            each["CpuUtilized"] > 0 for each in found
        )

    quick.wait(measured, "events with its memory and its CPU")
    quick.ecs("StopTask", task=arn)
    quick.wait_for_task(arn)
    found = events(quick, "default")
    last = found[-1]
    task = quick.task(arn)
    family, revision = task["taskDefinitionArn"].rsplit("/", 1)[-1].split(":")
    assert {name: last[name] for name in last if not name.startswith(("Cpu", "Memory"))} == {
        "Version": "0",
        "Type": "Task",
        "TaskId": arn.rsplit("/", 1)[-1],
        "TaskDefinitionFamily": family,
        "TaskDefinitionRevision": revision,
        "ClusterName": "default",
        "AccountID": "123456789012",
        "Region": "eu-west-1",
        "AvailabilityZone": "eu-west-1a",
        "KnownStatus": "RUNNING",
        "LaunchType": "FARGATE",
        "PullStartedAt": last["PullStartedAt"],
        "PullStoppedAt": last["PullStoppedAt"],
        "CreatedAt": last["CreatedAt"],
        "StartedAt": last["StartedAt"],
        "Timestamp": last["Timestamp"],
    }
    assert (last["CpuReserved"], last["MemoryReserved"]) == (256, 512)
    assert last["CreatedAt"] <= last["StartedAt"] <= last["Timestamp"]
    assert 64 <= max(each["MemoryUtilized"] for each in found) < 512


def test_a_batch_job_is_measured_on_the_cluster_of_its_environment(quick: Any) -> None:
    quick.batch(
        "UpdateComputeEnvironment",
        computeEnvironment="environment",
        ecsSettings={"containerInsights": "ENABLED"},
    )
    job_id = quick.submit_script(BUSY)
    found = quick.wait(lambda: events(quick, "AWSBatch-environment"), "an event")
    job = quick.job(job_id)
    assert found[0]["TaskId"] == job["container"]["taskArn"].rsplit("/", 1)[-1]
    assert (found[0]["CpuReserved"], found[0]["MemoryReserved"]) == (256, 512)
    quick.batch("TerminateJob", jobId=job_id, reason="enough")


def test_a_cluster_without_it_has_no_events(quick: Any) -> None:
    arn = quick.start("sleep 0.6")
    quick.wait_for_task(arn)
    assert events(quick, "default") == []
