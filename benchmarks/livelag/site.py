"""Where the job prints: its definitions, its log group, and an Airflow with the DAGs."""

from pathlib import Path
from typing import Any

from benchmarks.stack import Stack
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import LocalAirflow, aws_connection, connection_variable
from jetbridge_local.demo.application import parameter

HERE = Path(__file__).parent
IMAGES = HERE / "images.yaml"
GROUP = "/jetbridge/livelag"
DEFINITION = "jetbridge-example-livelag"
_IMAGE = "jetbridge-benchmark/printer:1"


def make_group(stack: Stack) -> dict[str, str]:
    """Make the log group; returns the parameter that turns its live logs on."""
    stack.client("logs").create_log_group(logGroupName=GROUP)
    return {"LiveLogGroupNames": GROUP}


def define_job(stack: Stack) -> None:
    """Register the printing job with ECS and with Batch."""
    role = _execution_role(stack)
    options = {
        "awslogs-group": GROUP,
        "awslogs-region": stack.cloud.settings.region,
        "awslogs-stream-prefix": "livelag",
    }
    log: dict[str, Any] = {"logDriver": "awslogs", "options": options}
    stack.client("ecs").register_task_definition(
        family=DEFINITION,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=role,
        containerDefinitions=[{"name": "main", "image": _IMAGE, "logConfiguration": log}],
    )
    stack.client("batch").register_job_definition(
        jobDefinitionName=DEFINITION,
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": _IMAGE,
            "executionRoleArn": role,
            "resourceRequirements": [
                {"type": "VCPU", "value": "0.25"},
                {"type": "MEMORY", "value": "512"},
            ],
            "logConfiguration": log,
        },
    )


def start_airflow(workspace: Workspace, stack: Stack) -> LocalAirflow:
    """An Airflow which workspace.close ends. Raises AirflowFailed."""
    root = workspace.paths.root
    bucket, prefix = parameter(root, "AirflowLogBucket"), parameter(root, "AirflowLogPrefix")
    connection = aws_connection(stack.cloud.url, stack.cloud.settings.region)
    with workspace.progress.step("Airflow") as say:
        airflow = LocalAirflow(
            workspace.paths.airflow_home,
            HERE / "dags",
            workspace.paths.python("airflow"),
            environment={
                **connection_variable("aws_default", connection),
                "AIRFLOW__JETBRIDGE__STACK": stack.name,
            },
            remote_log=f"s3://{bucket}/{prefix.rstrip('/')}",
            templates=workspace.paths.local / "airflow-databases",
            progress=say,
        )
        workspace.at_close(airflow.stop)
        airflow.start()
        airflow.wait_healthy()
    return airflow


def _execution_role(stack: Stack) -> str:
    job = stack.client("batch").describe_job_definitions(
        jobDefinitionName="jetbridge-example-report"
    )
    role: str = job["jobDefinitions"][0]["containerProperties"]["executionRoleArn"]
    return role
