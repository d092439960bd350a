"""CeleryExecutor, with one worker and a Redis of Airflow's own as its broker."""

import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from jetbridge_local.airflow.components import ComponentFailed, Components
from jetbridge_local.airflow.ports import free_port, is_answered

START_SECONDS = 30.0


class CeleryExecutor:
    """Needs `PostgresServer` as the database, because Celery keeps its results there, too.

    Args:
        redis_server: the program.
        concurrency: the number of tasks that the worker runs at once.
    """

    components: Mapping[str, tuple[str, ...]]
    name = "redis"

    def __init__(self, redis_server: Path, concurrency: int = 8) -> None:
        self._program = redis_server
        self._port = free_port()
        self._password = secrets.token_hex()
        # There is one worker, so it looks for no others; its log server would be open to the
        # network (airflow/utils/serve_logs/core.py).
        worker = ("celery", "worker", "--skip-serve-logs", "--without-mingle", "--without-gossip")
        self.components = {"worker": (*worker, "--concurrency", str(concurrency))}

    def options(self) -> dict[str, str]:
        """The variables of an Airflow that uses it."""
        return {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": f"redis://:{self._password}@127.0.0.1:{self._port}/0",
        }

    def start(self, components: Components, home: Path) -> None:
        """Start Redis and wait until it listens.

        Raises:
            ComponentFailed: it has ended, or took over `START_SECONDS`.
        """
        folder = home / "redis"
        folder.mkdir(mode=0o700)
        configuration = folder / "redis.conf"
        configuration.write_text(
            f"bind 127.0.0.1\nport {self._port}\nrequirepass {self._password}\n"
            f'dir {folder}\nsave ""\nappendonly no\n'
        )
        components.start(self.name, [str(self._program), str(configuration)])
        deadline = time.monotonic() + START_SECONDS
        while not is_answered(self._port):
            components.check()
            if time.monotonic() > deadline:
                raise ComponentFailed(f"{self.name} isn't ready after {START_SECONDS:g} s")
            time.sleep(0.05)
