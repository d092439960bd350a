"""One local cloud, the stacks on it, and the Airflows beside it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from jetbridge_local.airflow import LocalAirflow, User, aws_connection, connection_variable
from jetbridge_local.cloud import LocalCloud
from jetbridge_local.limits import Limits
from jetbridge_local.processes import ProcessTable
from jetbridge_local.site.application import Application, parameter, stack_name
from jetbridge_local.site.paths import Paths
from jetbridge_local.site.progress import Say
from jetbridge_local.site.stack import Stack


class Site:
    """A local cloud to which Jetbridge can be deployed; a context manager that starts and stops it.

    ``caller`` is who deploys and asks: an administrator of the cloud. ``images`` is the image map,
    by default the example's; the other arguments are those of `LocalCloud`.
    """

    def __init__(
        self,
        paths: Paths,
        *,
        caller: str,
        images: Path | None = None,
        port: int = 0,
        step_seconds: float = 0.2,
        insights_seconds: float = 60.0,
        limits: Limits | None = None,
    ) -> None:
        self.paths = paths
        self.caller = caller
        self.cloud = LocalCloud(
            paths.cloud,
            images=images or paths.images,
            port=port,
            runtime_python=paths.python("runtime"),
            step_seconds=step_seconds,
            insights_seconds=insights_seconds,
            limits=limits,
        )

    def __enter__(self) -> Self:
        self.cloud.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.cloud.stop()

    @cached_property
    def stack(self) -> Stack:
        """Jetbridge's stack, whether or not it is deployed yet."""
        return Stack(stack_name(self.paths.root), self.cloud, self.caller)

    @property
    def application(self) -> Application:
        """Builds the checkout and deploys both stacks from it. The cloud has to run."""
        return self.application_of(self.paths)

    def application_of(self, paths: Paths) -> Application:
        """The same for another checkout."""
        processes = ProcessTable(paths.processes)
        return Application(paths, self.cloud.environment(self.caller), processes)

    def deploy(self, **parameters: str) -> Stack:
        """Build the checkout, deploy Jetbridge and the example, and let Airflow use them.

        ``parameters`` are the template's, beside samconfig.toml's or in their place.
        """
        application = self.application
        application.build()
        application.deploy(**parameters)
        application.deploy_example()
        application.allow_airflow()
        return self.stack

    def airflow(
        self,
        dags: Path,
        *,
        home: Path | None = None,
        python: str = "airflow",
        environment: Mapping[str, str] | None = None,
        port: int | None = None,
        templates: Path | None = None,
        users: Sequence[User] = (),
        progress: Say | None = None,
    ) -> LocalAirflow:
        """An Airflow that runs its tasks with this stack and keeps its logs in the example's
        bucket; a context manager. The cloud is up.

        ``python`` is the environment that it is installed in. ``environment`` comes beside the
        connection ``aws_default`` and the stack's name, or in their place.
        """
        root = self.paths.root
        bucket, prefix = parameter(root, "AirflowLogBucket"), parameter(root, "AirflowLogPrefix")
        connection = aws_connection(self.cloud.url, self.cloud.settings.region)
        return LocalAirflow(
            home or self.paths.airflow_home,
            dags,
            self.paths.python(python),
            environment={
                **connection_variable("aws_default", connection),
                "AIRFLOW__JETBRIDGE__STACK": self.stack.name,
                **(environment or {}),
            },
            remote_log=f"s3://{bucket}/{prefix.rstrip('/')}",
            port=port,
            templates=templates or self.paths.local / "airflow-databases",
            users=users,
            progress=progress or (lambda _: None),
        )
