"""Starts a real, headless Airflow on 127.0.0.1, and ends it with everything that it started."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from jetbridge_local.airflow.celery import CeleryExecutor
from jetbridge_local.airflow.client import AirflowClient
from jetbridge_local.airflow.components import ComponentFailed, Components
from jetbridge_local.airflow.database import Database, template_path
from jetbridge_local.airflow.environment import RemoteLogs, airflow_environment
from jetbridge_local.airflow.ports import free_port
from jetbridge_local.airflow.postgres import PostgresServer
from jetbridge_local.airflow.users import User, options, write_passwords
from jetbridge_local.processes import ProcessTable

# The log servers of scheduler and triggerer can't be bound to one address
# (airflow/utils/serve_logs/core.py), so they are left out; logs are read from S3 or from disk.
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}

HEALTHY = frozenset({"metadatabase", "scheduler", "triggerer", "dag_processor"})


class AirflowFailed(RuntimeError):
    """Airflow didn't come up, or one of its components ended."""


class LocalAirflow:
    """One Airflow, with all its files under ``home``; a context manager.

    Args:
        home: created by `start`; whatever an earlier Airflow left in it is ended and removed.
        dags_folder: read in place.
        python: interpreter of an environment with Airflow and the provider.
        environment: further variables, such as ``AIRFLOW_CONN_AWS_DEFAULT``.
        remote_log: ``s3://…`` for task logs, reached by ``aws_default``; None keeps them in home.
        port: of the API server; None takes a free one.
        templates: where migrated databases are kept for the next start; None keeps none.
        database: of its own; None takes a `PostgresServer`.
        executor: None takes LocalExecutor.
        users: who may use it, the first with an administrator's rights; without any, everybody is
            an administrator and needs no password.
        progress: called with the name of each phase as it begins.
    """

    def __init__(
        self,
        home: Path,
        dags_folder: Path,
        python: Path,
        *,
        environment: Mapping[str, str] | None = None,
        remote_log: str | None = None,
        port: int | None = None,
        templates: Path | None = None,
        database: Database | None = None,
        executor: CeleryExecutor | None = None,
        users: Sequence[User] = (),
        progress: Callable[[str], object] = str,
    ) -> None:
        self.home = home.resolve()
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._python = python.absolute()
        self._users = list(users)
        self._passwords = self.home / "passwords.json"
        self._progress = progress
        self._table = ProcessTable(self.home.with_name(f"{self.home.name}-processes"))
        configuration = airflow_environment(
            home=self.home,
            dags_folder=dags_folder.resolve(),
            python=self._python,
            port=self.port,
            remote_logs=RemoteLogs(url=remote_log) if remote_log else None,
        )
        if users:
            configuration |= options(users, self._passwords)
        self._database = database or PostgresServer()
        self._template = (
            template_path(templates, self._database, self._python) if templates else None
        )
        self._executor = executor
        configuration |= self._database.options(self.home)
        configuration |= executor.options() if executor else {}
        self._commands = {**COMPONENTS, **(executor.components if executor else {})}
        self.components = Components(
            self.home / "logs-of-components", self._table, {**configuration, **(environment or {})}
        )

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Migrate the database and start the components; they aren't awaited.

        Raises:
            AirflowFailed: a server didn't start, or the database couldn't be migrated.
        """
        try:
            self._start()
        except BaseException as error:
            self.stop()
            if isinstance(error, ComponentFailed):
                raise AirflowFailed(str(error)) from error
            raise

    def wait_healthy(self, timeout: float = 120) -> None:
        """Wait until the API answers and says that each component is healthy.

        Raises:
            AirflowFailed: that didn't happen in time, or a component ended.
        """
        self._progress("health")
        deadline = time.monotonic() + timeout
        missing: Set[str] = HEALTHY
        with httpx.Client(base_url=self.url, timeout=5, trust_env=False) as http:
            while missing:
                self.check()
                if time.monotonic() > deadline:
                    raise AirflowFailed(f"Not healthy after {timeout:g} s: {sorted(missing)}")
                time.sleep(0.2)
                missing = HEALTHY - _healthy(http)

    @property
    def postgres_url(self) -> str:
        """The address of its metadata database, as libpq takes it.

        Raises:
            TypeError: the database isn't PostgreSQL.
        """
        if not isinstance(self._database, PostgresServer):
            raise TypeError(f"the metadata database is {self._database.name}")
        return self._database.url

    def answers(self) -> bool:
        """Whether the API server is there, whatever it says of the other components."""
        with httpx.Client(base_url=self.url, timeout=5, trust_env=False) as http:
            return "metadatabase" in _healthy(http)

    def stop(self) -> None:
        """End every process that this Airflow started; files stay. Doing it twice is harmless."""
        # The servers stop last, when nothing is connected to them any longer.
        self.components.stop(*self._commands)
        self.components.stop()

    def client(self) -> AirflowClient:
        """A client of this Airflow's REST API, with an administrator's rights.

        What it waits for ends with AirflowFailed as soon as a component ends by itself.
        """
        if not self._users:
            return AirflowClient(self.url, check=self.check)
        first = self._users[0]
        return AirflowClient(self.url, first.name, first.password, check=self.check)

    def check(self) -> None:
        """Raise AirflowFailed, with the end of its log, if a component has ended by itself."""
        try:
            self.components.check()
        except ComponentFailed as error:
            raise AirflowFailed(str(error)) from error

    def change_password(self, name: str, password: str) -> None:
        """Give a user another password; tokens that they have stay valid.

        Raises:
            KeyError: there is no such user.
        """
        users = {user.name: user for user in self._users}
        users[name] = replace(users[name], password=password)
        self._users = list(users.values())
        write_passwords(self._users, self._passwords)

    def stop_component(self, name: str) -> None:
        """End one component, as an outage does."""
        self.components.stop(name)

    def start_component(self, name: str, variables: Mapping[str, str] | None = None) -> None:
        """Start it again; ``variables`` are only for this start."""
        self.components.start(name, self._command(*self._commands[name]), variables)

    def add_triggerer(self, name: str, variables: Mapping[str, str] | None = None) -> None:
        """Start one more triggerer, which shares the triggers with those there are; ``variables``
        are only for this start."""
        self.components.start(name, self._command(*COMPONENTS["triggerer"]), variables)

    def _start(self) -> None:
        self._table.end_orphans()
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        if self._users:
            write_passwords(self._users, self._passwords)
        self._progress("database")
        self._database.provide(self.components, self.home, self._migrate, self._template)
        self._progress("components")
        if self._executor:
            self._executor.start(self.components, self.home)
        for name in self._commands:
            self.start_component(name)

    def _migrate(self) -> None:
        self.components.run("db-migrate", self._command("db", "migrate"), timeout=180)

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._python), "-m", "airflow", *arguments]


def _healthy(http: httpx.Client) -> set[str]:
    try:
        answer = http.get("/api/v2/monitor/health")
    except httpx.TransportError:
        return set()
    if not answer.is_success:
        return set()
    return {name for name, report in answer.json().items() if report.get("status") == "healthy"}
