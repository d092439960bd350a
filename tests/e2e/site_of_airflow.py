"""The local cloud with both stacks deployed, and a real Airflow beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from jetbridge_local.airflow import UNHURRIED, AirflowClient, LocalAirflow
from jetbridge_local.site import site
from jetbridge_local.site.paths import in_repository


class Site(site.Site):
    """A cloud to which Jetbridge is deployed, for one or several Airflows; a context manager.

    ``parameters`` are the template's, beside samconfig.toml's or in their place.
    """

    def __init__(
        self, folder: Path, images: Path, parameters: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(in_repository(folder), caller="deployer", images=images, step_seconds=0.05)
        self._parameters = dict(parameters or {})

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.deploy(**self._parameters)
        except BaseException:
            self.cloud.stop()
            raise
        return self

    def airflow_named(
        self, name: str, dags: Path, environment: Mapping[str, str] | None = None
    ) -> LocalAirflow:
        """It and what its tasks start with boto3 alone, without a connection, use this cloud."""
        return self.airflow(
            dags,
            home=self.paths.local / name,
            environment={**UNHURRIED, **self.cloud.environment("airflow"), **(environment or {})},
            templates=self.paths.root / ".local/airflow-templates",
        )

    def client(self, service: str) -> Any:
        """A boto3 client of the cloud."""
        return self.cloud.client(service, "tests")


def states(client: AirflowClient, dag_id: str, run_id: str) -> dict[str, str | None]:
    """How each task of a DAG run stands; a mapped one as ``task[index]``."""
    return {
        task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]": task.state
        for task in client.tasks(dag_id, run_id)
    }
