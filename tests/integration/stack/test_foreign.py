"""Tasks and jobs that others start in the listed cluster and queue: kept, and told to who looks."""

from typing import Any

import pytest
from deployed import EXAMPLE, NETWORK, Deployed, FunctionFailed, ecs_task


def looked_at(deployed: Deployed, **asked: str) -> dict[str, Any]:
    found = deployed.invoke("watch-runs", {"foreign": asked})["foreign"]
    assert isinstance(found, dict)
    return found


def task_of_somebody(deployed: Deployed, family: str) -> str:
    answer = deployed.client("ecs").run_task(
        cluster=EXAMPLE,
        taskDefinition=family,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        startedBy="somebody",
    )
    return str(answer["tasks"][0]["taskArn"])


def test_a_tasks_end_is_kept(deployed: Deployed) -> None:
    arn = task_of_somebody(deployed, "jetbridge-example-report")
    looked = looked_at(deployed, kind="ecs_task", cluster=EXAMPLE, task=arn)
    assert looked["backend_id"] == arn
    assert looked["status"]
    outcome = deployed.outcome(looked["run_id"])
    assert (outcome["backend_id"], outcome["caller"]["name"]) == (arn, "somebody")
    again = looked_at(deployed, kind="ecs_task", cluster=EXAMPLE, task=arn.rsplit("/", 1)[-1])
    assert (again["run_id"], again["status"]) == (looked["run_id"], "STOPPED")


def test_a_jobs_end_is_kept(deployed: Deployed) -> None:
    job = deployed.client("batch").submit_job(
        jobName="somebodys", jobQueue=EXAMPLE, jobDefinition="jetbridge-example-report"
    )["jobId"]
    looked = looked_at(deployed, kind="batch_job", job_id=job)
    outcome = deployed.outcome(looked["run_id"])
    assert outcome["backend_id"] == job
    status = "SUCCEEDED" if outcome["state"] == "succeeded" else "FAILED"
    assert looked_at(deployed, kind="batch_job", job_id=job)["status"] == status


def test_a_sensor_waits_for_a_task_of_the_stack_as_for_its_run(deployed: Deployed) -> None:
    run_id = deployed.start(run_task=ecs_task("jetbridge-example-report"))
    arn = deployed.outcome(run_id)["backend_id"]
    assert looked_at(deployed, kind="ecs_task", cluster=EXAMPLE, task=arn)["run_id"] == run_id


def test_another_cluster_is_refused(deployed: Deployed) -> None:
    with pytest.raises(FunctionFailed, match="WatchedClusterArns") as failed:
        looked_at(deployed, kind="ecs_task", cluster="another", task="0f1e")
    assert failed.value.kind == "ContractError"
