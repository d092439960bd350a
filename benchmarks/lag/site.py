"""Where the runs take place: the job's definitions, and an Airflow with the DAGs of this folder."""

import json
import secrets
from pathlib import Path

from benchmarks.stack import Stack
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import LocalAirflow, User, aws_connection, connection_variable
from jetbridge_local.demo.application import parameter

HERE = Path(__file__).parent
IMAGES = HERE / "images.yaml"
CLUSTER = "jetbridge-example"
DEFINITION = "jetbridge-example-lag"
_JETBRIDGE = "jetbridge"
_SECRET = "jetbridge-benchmark-airflow"
_IMAGE = "jetbridge-benchmark/sleeper:1"


def define_job(stack: Stack) -> None:
    """Register the sleeping job with ECS and with Batch, its lines on awslogs."""
    role = _execution_role(stack)
    stack.client("ecs").register_task_definition(
        family=DEFINITION,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=role,
        containerDefinitions=[
            {
                "name": "main",
                "image": _IMAGE,
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/jetbridge/example",
                        "awslogs-region": stack.cloud.settings.region,
                        "awslogs-stream-prefix": "ecs",
                    },
                },
            }
        ],
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
        },
    )


def make_secret(stack: Stack) -> dict[str, str]:
    """Make the secret with Airflow's address; returns the parameter that names it.

    It is empty until `start_airflow` knows the address.
    """
    secret = stack.client("secretsmanager").create_secret(Name=_SECRET, SecretString="{}")
    return {"AirflowSecretArn": secret["ARN"]}


def start_airflow(workspace: Workspace, stack: Stack) -> LocalAirflow:
    """An Airflow in the environment ``stock``, which workspace.close ends.

    Jetbridge may log in to it with an operator's rights. Raises AirflowFailed.
    """
    people = [
        User("people", "admin", secrets.token_hex()),
        User(_JETBRIDGE, "op", secrets.token_hex()),
    ]
    root = workspace.paths.root
    bucket, prefix = parameter(root, "AirflowLogBucket"), parameter(root, "AirflowLogPrefix")
    connection = aws_connection(stack.cloud.url, stack.cloud.settings.region)
    with workspace.progress.step("Airflow") as say:
        airflow = LocalAirflow(
            workspace.paths.airflow_home,
            HERE / "dags",
            workspace.paths.python("stock"),
            environment={
                **connection_variable("aws_default", connection),
                "AIRFLOW__JETBRIDGE__STACK": stack.name,
                "AIRFLOW__CORE__PLUGINS_FOLDER": str(HERE / "plugins"),
            },
            remote_log=f"s3://{bucket}/{prefix.rstrip('/')}",
            templates=workspace.paths.local / "airflow-databases",
            users=people,
            progress=say,
        )
        workspace.at_close(airflow.stop)
        airflow.start()
        airflow.wait_healthy()
    login = {"url": airflow.url, "username": people[1].name, "password": people[1].password}
    stack.client("secretsmanager").put_secret_value(
        SecretId=_SECRET, SecretString=json.dumps({"default": login})
    )
    return airflow


def _execution_role(stack: Stack) -> str:
    job = stack.client("batch").describe_job_definitions(
        jobDefinitionName="jetbridge-example-report"
    )
    role: str = job["jobDefinitions"][0]["containerProperties"]["executionRoleArn"]
    return role
