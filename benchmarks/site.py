"""What benchmarks with a real Airflow stand on: their job's definitions, and the Airflow itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.stack import Stack
from benchmarks.workspace import CALLER, Workspace
from jetbridge_local.airflow import LocalAirflow, User, aws_connection, connection_variable
from jetbridge_local.airflow_user import make_airflow_user
from jetbridge_local.demo.application import parameter

STREAM_PREFIX = "ecs"
STOCK = [
    {
        "Sid": "Stock",
        "Effect": "Allow",
        "Action": ["ecs:*", "batch:*", "logs:*", "iam:PassRole"],
        "Resource": "*",
    }
]


def define_job(stack: Stack, name: str, image: str, group: str) -> None:
    """Register one container with ECS and with Batch, its lines going to ``group``."""
    role = _execution_role(stack)
    options = {
        "awslogs-group": group,
        "awslogs-region": stack.cloud.settings.region,
        "awslogs-stream-prefix": STREAM_PREFIX,
    }
    log: dict[str, Any] = {"logDriver": "awslogs", "options": options}
    stack.client("ecs").register_task_definition(
        family=name,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=role,
        containerDefinitions=[{"name": "main", "image": image, "logConfiguration": log}],
    )
    stack.client("batch").register_job_definition(
        jobDefinitionName=name,
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": image,
            "executionRoleArn": role,
            "resourceRequirements": [
                {"type": "VCPU", "value": "0.25"},
                {"type": "MEMORY", "value": "512"},
            ],
            "logConfiguration": log,
        },
    )


def start_airflow(
    workspace: Workspace,
    stack: Stack,
    dags: Path,
    environment: str = "airflow",
    variables: Mapping[str, str] | None = None,
    users: Sequence[User] = (),
) -> LocalAirflow:
    """An Airflow of one of the project's environments, which workspace.close ends.

    Raises AirflowFailed.
    """
    root = workspace.paths.root
    bucket, prefix = parameter(root, "AirflowLogBucket"), parameter(root, "AirflowLogPrefix")
    connection = aws_connection(stack.cloud.url, stack.cloud.settings.region)
    # Stock operators run beside ours, and are compared with them.
    make_airflow_user(
        stack.cloud.environment(CALLER), stack=stack.name, bucket=bucket, prefix=prefix, more=STOCK
    )
    with workspace.progress.step("Airflow") as say:
        airflow = LocalAirflow(
            workspace.paths.airflow_home,
            dags,
            workspace.paths.python(environment),
            environment={
                **connection_variable("aws_default", connection),
                "AIRFLOW__JETBRIDGE__STACK": stack.name,
                **(variables or {}),
            },
            remote_log=f"s3://{bucket}/{prefix.rstrip('/')}",
            templates=workspace.paths.local / "airflow-databases",
            users=users,
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
