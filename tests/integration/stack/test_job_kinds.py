"""Jobs of other kinds than one container: arrays with failed children, several nodes, pods on EKS;
and which of several containers decides."""

import json
from typing import Any

import pytest
from deployed import LOG_OPTIONS, NETWORK, Deployed, batch_job

PREFIX = "airflow/dag_id=kinds/run_id=r/task_id={}/attempt=1.log"
IMAGE = "jetbridge-example/report:1"
SIZE = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]


def target(name: str) -> dict[str, str]:
    return {"kind": "s3", "bucket": "jetbridge-example-logs", "key_prefix": PREFIX.format(name)}


def copied(deployed: Deployed, name: str, number: int) -> dict[str, list[str]]:
    """The lines beside Airflow's log of the try, by the end of their object's name."""
    s3 = deployed.client("s3")

    def objects() -> list[str] | None:
        found = s3.list_objects_v2(Bucket="jetbridge-example-logs", Prefix=PREFIX.format(name))
        keys = [each["Key"] for each in found.get("Contents", [])]
        return keys if len(keys) == number else None

    keys = deployed.wait(objects, 240, f"{number} objects of {name}")
    bodies = {
        key.partition(".log.jetbridge.")[2]: s3.get_object(
            Bucket="jetbridge-example-logs", Key=key
        )["Body"]
        .read()
        .decode()
        for key in keys
    }
    return {
        name: [json.loads(line)["event"] for line in body.splitlines()]
        for name, body in bodies.items()
    }


def define(deployed: Deployed, name: str, **members: Any) -> str:
    """Register a job definition that the stack allows; its name."""
    full = f"jetbridge-example-{name}"
    deployed.client("batch").register_job_definition(jobDefinitionName=full, **members)
    return full


def container(script: str) -> dict[str, Any]:
    return {"image": IMAGE, "command": ["sh", "-c", script], "resourceRequirements": SIZE}


def pod(script: str) -> dict[str, Any]:
    resources = {"requests": {"cpu": "250m", "memory": "512Mi"}}
    train = {"name": "train", "image": IMAGE, "resources": resources}
    return {"podProperties": {"containers": [train | {"command": ["sh", "-c", script]}]}}


def job(definition: str, **parameters: Any) -> dict[str, Any]:
    asked = batch_job(definition) | parameters
    asked.pop("containerOverrides", None)
    return asked


def test_an_array_names_its_failed_children(deployed: Deployed) -> None:
    name = define(
        deployed,
        "fourth-fails",
        type="container",
        containerProperties=container("test $AWS_BATCH_JOB_ARRAY_INDEX != 3 || exit 3"),
    )
    run_id = deployed.start(submit_job=job(name, arrayProperties={"size": 5}))
    outcome = deployed.outcome(run_id, 240)
    assert (outcome["state"], outcome["exit_codes"]) == ("failed", {"child-0003": 3})
    assert "1 of 5 failed: child-0003" in outcome["reason"]


def test_both_nodes_lines_are_shown_and_the_failed_one_is_named(deployed: Deployed) -> None:
    script = "echo node $AWS_BATCH_JOB_NODE_INDEX; sleep 1; exit $AWS_BATCH_JOB_NODE_INDEX"
    nodes = {
        "numNodes": 2,
        "mainNode": 1,
        "nodeRangeProperties": [{"targetNodes": "0:1", "container": container(script)}],
    }
    name = define(deployed, "two-nodes", type="multinode", nodeProperties=nodes)
    run_id = deployed.start(submit_job=job(name), log_target=target("nodes"))
    outcome = deployed.outcome(run_id, 240)
    assert (outcome["state"], outcome["cause"]) == ("failed", "application_exit")
    assert outcome["exit_codes"]["node-0001"] == 1
    lines = copied(deployed, "nodes", 2)
    assert lines == {
        "1.node-0000.default.1.log": ["node 0"],
        "1.node-0001.default.1.log": ["node 1"],
    }


@pytest.mark.parametrize(
    ("script", "state", "cause", "codes"),
    [
        ("exit 0", "succeeded", "completed", {"train": 0}),
        ("exit 3", "failed", "application_exit", {"train": 3}),
    ],
)
def test_a_pod_ends_with_its_exit_code_and_a_note_on_its_lines(
    deployed: Deployed, script: str, state: str, cause: str, codes: dict[str, int]
) -> None:
    kind = f"pod-{state}"
    name = define(deployed, kind, type="container", eksProperties=pod(script))
    run_id = deployed.start(submit_job=job(name), log_target=target(kind))
    outcome = deployed.outcome(run_id, 240)
    assert (outcome["state"], outcome["cause"], outcome["exit_codes"]) == (state, cause, codes)
    [note] = copied(deployed, kind, 1)["1.notes.log"]
    assert note.startswith("Container train ran in a pod on Amazon EKS")


def test_the_container_that_the_request_names_decides(deployed: Deployed) -> None:
    """The main one is done, then its essential sidecar ends badly."""
    log = {"logDriver": "awslogs", "options": LOG_OPTIONS}
    essential = {"image": IMAGE, "essential": True, "logConfiguration": log}
    scripts = {"main": "exit 0", "sidecar": "trap 'exit 9' TERM; while :; do sleep 0.05; done"}
    family = "jetbridge-example-two-essential"
    deployed.client("ecs").register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        executionRoleArn="arn:aws:iam::000000000000:role/jetbridge-example-execution",
        containerDefinitions=[
            essential | {"name": name, "command": ["sh", "-c", script]}
            for name, script in scripts.items()
        ],
    )
    task = {
        "cluster": "jetbridge-example",
        "taskDefinition": family,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
    }
    runs = {name: deployed.start(run_task=task, **asked) for name, asked in {
        "stock": {}, "named": {"deciding_container": "main"},
        "unknown": {"deciding_container": "etl"}}.items()}  # fmt: skip
    stock, named, unknown = (deployed.outcome(run_id, 240) for run_id in runs.values())
    assert (stock["state"], stock["exit_codes"]) == ("failed", {"main": 0, "sidecar": 9})
    assert (named["state"], named["exit_codes"]) == ("succeeded", {"main": 0, "sidecar": 9})
    assert (unknown["state"], unknown["cause"]) == ("failed", "misconfiguration")
    assert "main, sidecar" in unknown["reason"]
