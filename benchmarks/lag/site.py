"""Where the runs take place: the job's definitions, and an Airflow to which Jetbridge may push."""

import json
import secrets
from pathlib import Path

from benchmarks import site
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import LocalAirflow, User
from jetbridge_local.site.stack import Stack

HERE = Path(__file__).parent
IMAGES = HERE / "images.yaml"
CLUSTER = "jetbridge-example"
DEFINITION = "jetbridge-example-lag"
_JETBRIDGE = "jetbridge"
_SECRET = "jetbridge-benchmark-airflow"
_IMAGE = "jetbridge-benchmark/sleeper:1"
_GROUP = "/jetbridge/example"


def define_job(stack: Stack) -> None:
    """Register the sleeping job with ECS and with Batch."""
    site.define_job(stack, DEFINITION, _IMAGE, _GROUP)


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
    jetbridge = User(_JETBRIDGE, "op", secrets.token_hex())
    airflow = site.start_airflow(
        workspace,
        HERE / "dags",
        environment="stock",
        variables={"AIRFLOW__CORE__PLUGINS_FOLDER": str(HERE / "plugins")},
        users=[User("people", "admin", secrets.token_hex()), jetbridge],
    )
    login = {"url": airflow.url, "username": jetbridge.name, "password": jetbridge.password}
    stack.client("secretsmanager").put_secret_value(
        SecretId=_SECRET, SecretString=json.dumps({"default": login})
    )
    return airflow
