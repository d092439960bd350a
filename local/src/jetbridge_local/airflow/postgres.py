"""PostgreSQL as Airflow's metadata database, in a server of Airflow's own."""

import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from jetbridge_local.airflow.components import ComponentFailed, Components
from jetbridge_local.airflow.ports import free_port
from jetbridge_local.airflow.programs import (
    give_to_unprivileged,
    postgres_program,
    unprivileged,
)

START_SECONDS = 30.0
_USER = "airflow"
# The data doesn't outlive the Airflow, so PostgreSQL doesn't flush it.
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class PostgresServer:
    """A cluster below Airflow's home, on a free port of 127.0.0.1, with a password of its own.

    Its programs come from a wheel (decision 52).
    """

    name = "postgres"

    def __init__(self) -> None:
        self._port = free_port()
        self._password = secrets.token_hex()

    @property
    def url(self) -> str:
        """Its address with user and password, as libpq takes it."""
        return f"postgresql://{self._address}"

    def options(self, home: Path) -> dict[str, str]:
        # The drivers are named: which one a bare "postgresql" means depends on what is installed.
        return {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{self._address}",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{self._address}",
        }

    def provide(
        self,
        components: Components,
        home: Path,
        migrate: Callable[[], None],
        template: Path | None,
    ) -> None:
        data = home / "postgres"
        if template and template.is_dir():
            shutil.copytree(template, data)
            give_to_unprivileged(data)
            self._change_password(components, data)
            self.start(components, data)
            return
        self._make(components, data)
        self.start(components, data)
        migrate()
        if template:
            components.stop(self.name)
            template.parent.mkdir(parents=True, exist_ok=True)
            partial = template.with_name(f"{template.name}.{secrets.token_hex(4)}.partial")
            shutil.copytree(data, partial)
            if template.is_dir():
                shutil.rmtree(partial)
            else:
                partial.replace(template)
            self.start(components, data)

    def start(self, components: Components, data: Path) -> None:
        """Start the server of a cluster and wait until it takes queries.

        Raises:
            ComponentFailed: it has ended, or took over `START_SECONDS`.
        """
        options = {**_OPTIONS, "port": str(self._port)}
        serve = [str(postgres_program("postgres")), "-D", str(data)]
        serve += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        components.start(self.name, unprivileged(serve))
        deadline = time.monotonic() + START_SECONDS
        while not _is_ready(data / "postmaster.pid"):
            components.check()
            if time.monotonic() > deadline:
                raise ComponentFailed(f"{self.name} isn't ready after {START_SECONDS:g} s")
            time.sleep(0.05)

    @property
    def _address(self) -> str:
        return f"{_USER}:{self._password}@127.0.0.1:{self._port}/postgres"

    def _make(self, components: Components, data: Path) -> None:
        data.mkdir(mode=0o700)
        give_to_unprivileged(data)
        password = _private(data.with_name("postgres-password"), self._password)
        make = [str(postgres_program("initdb")), "--pgdata", str(data), "--no-sync"]
        make += ["--username", _USER, "--pwfile", str(password), "--auth", "scram-sha-256"]
        make += ["--encoding", "UTF8", "--locale", "C"]
        components.run("initdb", unprivileged(make), timeout=START_SECONDS)

    def _change_password(self, components: Components, data: Path) -> None:
        """Change the password in single-user mode, which needs none: the copied cluster has another
        one."""
        statement = _private(
            data.with_name("postgres-password.sql"),
            f"ALTER ROLE {_USER} PASSWORD '{self._password}'",
        )
        script = 'exec "$0" --single -D "$1" postgres <"$2"'
        command = ["sh", "-c", script, str(postgres_program("postgres")), str(data), str(statement)]
        components.run("postgres-password", unprivileged(command), timeout=START_SECONDS)


def _private(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text)
    return file


def _is_ready(status: Path) -> bool:
    """Whether the server says so in its eighth line, which pg_ctl reads, too
    (src/include/utils/pidfile.h)."""
    try:
        lines = status.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"
