"""What the benchmarks with a real Airflow share: their jobs' definitions, and the Airflow."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.workspace import Workspace
from jetbridge_local.airflow import LocalAirflow, User
from jetbridge_local.site.stack import Stack

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
    dags: Path,
    environment: str = "airflow",
    variables: Mapping[str, str] | None = None,
    users: Sequence[User] = (),
) -> LocalAirflow:
    """An Airflow of one of the project's environments, which workspace.close ends.

    Raises AirflowFailed.
    """
    # Stock operators run beside ours, and are compared with them.
    workspace.site.application.allow_airflow(*STOCK)
    with workspace.progress.step("Airflow") as say:
        airflow = workspace.site.airflow(
            dags, python=environment, environment=variables, users=users, progress=say
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
