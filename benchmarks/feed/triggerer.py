"""A real triggerer, with deferred tasks in its metadata database."""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg

from benchmarks.errors import BenchmarkFailed
from benchmarks.feed.sides import Side
from jetbridge_local.airflow.components import ComponentFailed, Components
from jetbridge_local.airflow.database import template_path
from jetbridge_local.airflow.environment import RemoteLogs, airflow_environment
from jetbridge_local.airflow.postgres import PostgresServer
from jetbridge_local.processes import ProcessTable

HERE = Path(__file__).parent
_WATCHDOG_SLEEP = 0.1
_WATCHDOG_THRESHOLD = "AIRFLOW__TRIGGERER__BLOCKED_MAIN_THREAD_WARNING_THRESHOLD"
_BLOCKED = re.compile(r"async thread was blocked for ([\d.]+) seconds")
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Use:
    """What the triggerer's processes have used so far: CPU seconds, resident bytes."""

    at: float
    cpu_seconds: float
    rss: int


class Triggerer:
    """``airflow triggerer`` alone: the other components would only use processors.

    The triggerer's own watchdog reports the longest stalls: it sleeps 0.1 s at a time and reports
    when it woke late. Its threshold is lowered for that.
    """

    def __init__(
        self, home: Path, python: Path, environment: Mapping[str, str], templates: Path
    ) -> None:
        self.home = home
        self._python = python
        self._database = PostgresServer()
        self._template = template_path(templates, self._database, python)
        options = airflow_environment(
            home=home,
            dags_folder=HERE / "dags",
            python=python,
            port=9,
            remote_logs=RemoteLogs(url="s3://logs/airflow"),
        )
        self._environment = {
            **options,
            **self._database.options(home),
            _WATCHDOG_THRESHOLD: f"{_WATCHDOG_SLEEP + 0.02}",
            **environment,
        }
        table = ProcessTable(home.with_name(f"{home.name}-processes"))
        table.end_orphans()
        self._components = Components(home / "logs-of-components", table, self._environment)

    @contextmanager
    def running(self) -> Iterator[None]:
        """With one DAG run of the folder's DAG in the database, whose task doesn't wait yet."""
        self.home.mkdir(parents=True)
        try:
            self._database.provide(
                self._components, self.home, lambda: self._run("db", "migrate"), self._template
            )
            self._run("dags", "reserialize")
            self._run("dags", "trigger", "feed")
            self._components.start("triggerer", self._command("triggerer", "--skip-serve-logs"))
            self._wait(lambda: len(self._processes()) == 2, "it doesn't start")
            self._wait(lambda: self.heartbeat() is not None, "it has no heartbeat")
            yield
        except ComponentFailed as error:
            raise BenchmarkFailed(str(error)) from error
        finally:
            # The server stops last, when nothing is connected to it any longer.
            self._components.stop("triggerer")
            self._components.stop()

    def defer(self, side: Side, count: int) -> None:
        """Defer this many tasks at once."""
        waiting = {"trigger": side.trigger, "kwargs": [side.arguments(n) for n in range(count)]}
        done = subprocess.run(
            [str(self._python), str(HERE / "seed.py")],
            input=json.dumps(waiting),
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchmarkFailed(f"no deferred tasks: {done.stderr[-2000:]}")

    def begun(self) -> int:
        """How many triggers have begun to run; each has a log of its own from that time."""
        return sum(1 for _ in self.home.glob("logs/**/*.trigger.*.log"))

    def deferred(self) -> int:
        return int(self._ask("SELECT count(*) FROM task_instance WHERE state = 'deferred'"))

    def heartbeat(self) -> str | None:
        """The time of the triggerer's last heartbeat, from its database."""
        beat: str | None = self._ask(
            "SELECT max(latest_heartbeat)::text FROM job WHERE job_type = 'TriggererJob'"
        )
        return beat

    def longest_stall(self) -> float:
        """The longest stall of the event loop so far, in seconds; 0.02 and less isn't reported."""
        log = self._components.log("triggerer").read_text()
        late = [float(each) for each in _BLOCKED.findall(log)]
        return max(late, default=_WATCHDOG_SLEEP) - _WATCHDOG_SLEEP

    def use(self) -> Use:
        processes = self._processes()
        times = [process.cpu_times() for process in processes]
        return Use(
            time.monotonic(),
            sum(each.user + each.system for each in times),
            sum(process.memory_info().rss for process in processes),
        )

    def check(self) -> None:
        """Raise ComponentFailed if it has ended."""
        self._components.check()

    def _processes(self) -> list[psutil.Process]:
        """The supervisor, and the process in whose event loop the triggers run."""
        supervisor = psutil.Process(self._components.pids()["triggerer"])
        return [supervisor, *supervisor.children()]

    def _run(self, *arguments: str) -> None:
        self._components.run("-".join(arguments[:2]), self._command(*arguments), timeout=120)

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._python), "-m", "airflow", *arguments]

    def _ask(self, question: LiteralString) -> Any:
        with psycopg.connect(self._database.url) as connection:
            row = connection.execute(question).fetchone()
        return row[0] if row else None

    def _wait(self, condition: Any, complaint: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise BenchmarkFailed(f"triggerer: {complaint} within {_PATIENCE_SECONDS:.0f} s")
            time.sleep(0.2)
