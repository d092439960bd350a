"""The local cloud with both stacks deployed, and a real Airflow beside it."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import boto3

from jetbridge_local.airflow import AirflowClient, LocalAirflow, aws_connection, connection_variable
from jetbridge_local.cloud import LocalCloud
from jetbridge_local.demo.application import Application, parameter, stack_name
from jetbridge_local.demo.paths import Paths, in_repository
from jetbridge_local.processes import ProcessTable

CALLER = "tests"


class Site:
    """A cloud to which Jetbridge is deployed, for one or several Airflows; a context manager.

    ``parameters`` are the template's, beside samconfig.toml's or in their place.
    """

    def __init__(
        self, folder: Path, images: Path, parameters: Mapping[str, str] | None = None
    ) -> None:
        self.paths: Paths = in_repository(folder)
        self.cloud = LocalCloud(
            self.paths.cloud,
            images=images,
            runtime_python=self.paths.python("runtime"),
            step_seconds=0.05,
        )
        self._parameters = dict(parameters or {})
        self._stop = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stop:
            stop.enter_context(self.cloud)
            self.application = Application(
                self.paths,
                self.cloud.environment("deployer"),
                ProcessTable(self.paths.processes),
            )
            self.application.build()
            self.application.deploy(**self._parameters)
            self.application.deploy_example()
            self._stop = stop.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.close()

    def airflow(
        self, name: str, dags: Path, environment: Mapping[str, str] | None = None
    ) -> LocalAirflow:
        """An Airflow that keeps its logs in the example's bucket; a context manager.

        It and what its tasks start with boto3 alone, without a connection, use this cloud.
        """
        root, region = self.paths.root, self.cloud.settings.region
        bucket, prefix = parameter(root, "AirflowLogBucket"), parameter(root, "AirflowLogPrefix")
        return LocalAirflow(
            self.paths.local / name,
            dags,
            self.paths.python("airflow"),
            environment=self.cloud.environment("airflow")
            | connection_variable("aws_default", aws_connection(self.cloud.url, region))
            | {"AIRFLOW__JETBRIDGE__STACK": stack_name(root)}
            | dict(environment or {}),
            remote_log=f"s3://{bucket}/{prefix.rstrip('/')}",
            templates=root / ".local/airflow-templates",
        )

    def client(self, service: str) -> Any:
        """A boto3 client of the cloud."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.cloud.url,
            region_name=self.cloud.settings.region,
            aws_access_key_id=CALLER,
            aws_secret_access_key="local",
        )


def states(client: AirflowClient, dag_id: str, run_id: str) -> dict[str, str | None]:
    """How each task of a DAG run stands; a mapped one as ``task[index]``."""
    return {
        task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]": task.state
        for task in client.tasks(dag_id, run_id)
    }
