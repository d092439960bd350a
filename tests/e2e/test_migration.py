"""Three DAGs of the amazon provider's own system tests run on Jetbridge with one import changed.

They make their clusters, definitions and queues themselves, with stock operators and boto3, and
wait with stock sensors for what our operators have launched. JETBRIDGE_STOCK=1 runs them unchanged
first, on the same cloud: what passes there and not here is ours.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from migration.imports import CHANGES, migrated
from migration.sdist import Unreachable, system_tests
from site_of_airflow import Site, states

from jetbridge_local.airflow import AirflowClient, TaskTry
from jetbridge_local.site.paths import in_repository

# In a push, tests/integration/airflow/test_adoption.py runs stock operators' DAGs on Jetbridge, and
# tests/provider/test_as_stock.py holds the operators against the stock ones.
pytestmark = pytest.mark.nightly

HERE = Path(__file__).parent / "migration"
ROLE = "arn:aws:iam::000000000000:role/jetbridge-example-batch"
EXISTING_CLUSTER = "existing"
DAG_RUN_SECONDS = 300
WAYS = (["stock"] if os.environ.get("JETBRIDGE_STOCK") else []) + ["migrated"]

# The names that the DAGs make up begin with an id of the run, "env" and 8 characters.
ALLOWED = {
    "ClusterArns": f"arn:aws:ecs:us-east-1:000000000000:cluster/{EXISTING_CLUSTER}"
    ",arn:aws:ecs:us-east-1:000000000000:cluster/env*",
    "TaskDefinitionArns": "arn:aws:ecs:us-east-1:000000000000:task-definition/env*",
    "JobQueueArns": "arn:aws:batch:us-east-1:000000000000:job-queue/env*",
    "JobDefinitionArns": "arn:aws:batch:us-east-1:000000000000:job-definition/env*",
    "PassableRoleArns": ROLE,
}
CONTEXT = {
    "example_ecs": {"CLUSTER_NAME": EXISTING_CLUSTER, "SUBNETS": "subnet-0a,subnet-0b"},
    "example_ecs_fargate": {"SUBNETS": "subnet-0a", "SECURITY_GROUPS": "sg-0a"},
    "example_batch": {"ROLE_ARN": ROLE, "SUBNETS": "subnet-0a", "SECURITY_GROUPS": "sg-0a"},
}
"""What each system test wants of its account, in the parameter of its name (its README)."""
STOCK = [
    {
        "Sid": "SystemTests",
        "Effect": "Allow",
        "Action": ["ssm:*", "ecs:*", "batch:*", "logs:*", "iam:PassRole"],
        "Resource": "*",
    }
]
"""What the tests' own stock operators and boto3 do, beside Jetbridge's."""
NOT_RUN = {
    "example_ecs": {"watcher"},
    "example_ecs_fargate": {"watcher"},
    "example_batch": {"watcher", "describe_job"},
}
"""Tasks that are for failures (trigger rule ``one_failed``)."""
LAUNCHES = {
    "example_ecs": ("run_task", "ecs_task_arn"),
    "example_ecs_fargate": ("hello_world", "ecs_task_arn"),
    "example_batch": ("submit_batch_job", "return_value"),
}
"""The operator that is migrated, and the XCom in which it says what it has launched."""


@pytest.fixture(scope="module")
def provider_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keep = in_repository().local / "sdists"
    try:
        return system_tests(keep, tmp_path_factory.mktemp("sdist"))
    except Unreachable as error:
        pytest.skip(f"the amazon provider's source distribution can't be fetched: {error}")


@pytest.fixture(scope="module")
def site(provider_tests: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("migration"), HERE / "images.yaml", ALLOWED) as site:
        prepare(site)
        yield site


def prepare(site: Site) -> None:
    """What the system tests expect to be there: values in Parameter Store, and EC2 capacity."""
    for name, values in CONTEXT.items():
        site.client("ssm").put_parameter(Name=name, Type="String", Value=json.dumps(values))
    site.application.allow_airflow(*STOCK)
    ecs = site.client("ecs")
    ecs.create_cluster(clusterName=EXISTING_CLUSTER)
    ecs.register_container_instance(
        cluster=EXISTING_CLUSTER,
        totalResources=[
            {"name": "CPU", "type": "INTEGER", "integerValue": 2048},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 4096},
        ],
    )


@pytest.fixture(scope="module", params=WAYS)
def client(
    request: pytest.FixtureRequest,
    site: Site,
    provider_tests: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AirflowClient]:
    """A client of an Airflow with the three DAGs, as they are or migrated."""
    dags = tmp_path_factory.mktemp(f"{request.param}-dags")
    for name in CHANGES:
        text = (provider_tests / "amazon/aws" / f"{name}.py").read_bytes().decode()
        text = migrated(name, text) if request.param == "migrated" else text
        (dags / f"{name}.py").write_bytes(text.encode())
    environment = {
        "PYTHONPATH": os.pathsep.join([str(HERE / "stand_ins"), str(provider_tests.parent)]),
        # They are scheduled @once; here each runs when it is triggered.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    }
    airflow = site.airflow_named(f"airflow-{request.param}", dags, environment)
    with airflow, airflow.client() as client:
        yield client


@pytest.fixture(scope="module")
def runs(client: AirflowClient) -> dict[str, str]:
    """Run ids by DAG, all at the same time."""
    for name in CHANGES:
        client.wait_for_dag(name)
    return {name: client.trigger(name).run_id for name in CHANGES}


@pytest.mark.parametrize("dag_id", CHANGES)
def test_every_task_of_the_system_test_succeeds(
    dag_id: str, client: AirflowClient, runs: dict[str, str], site: Site
) -> None:
    run = client.wait_for_dag_run(dag_id, runs[dag_id], DAG_RUN_SECONDS)
    found = states(client, dag_id, run.run_id)
    assert {task for task, state in found.items() if state != "success"} == NOT_RUN[dag_id], (
        failures(client, dag_id, run.run_id, found)
    )
    assert run.state == "success"
    assert all(found[task] == "skipped" for task in NOT_RUN[dag_id])
    task_id, key = LAUNCHES[dag_id]
    assert launched(site, dag_id, client.xcom(dag_id, run.run_id, task_id, key))


def launched(site: Site, dag_id: str, reference: str) -> bool:
    """Whether the job that the operator names has succeeded on the cloud."""
    if dag_id == "example_batch":
        [job] = site.client("batch").describe_jobs(jobs=[reference])["jobs"]
        return bool(job["status"] == "SUCCEEDED")
    return reference.startswith("arn:aws:ecs:us-east-1:000000000000:task/")


def failures(client: AirflowClient, dag_id: str, run_id: str, found: dict[str, str | None]) -> str:
    """The ends of the logs of what failed."""
    failed = [task for task, state in found.items() if state == "failed" and task != "watcher"]
    parts = [str(found)]
    for task_id in failed:
        tries: list[TaskTry] = client.tries(dag_id, run_id, task_id)
        lines = client.log(dag_id, run_id, task_id, tries[-1].try_number)
        parts += [f"--- {task_id}", *(f"{line.event} {line.fields}" for line in lines[-15:])]
    return "\n".join(parts)
