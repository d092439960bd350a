"""A real Airflow starts, runs a DAG, is read through its API, and leaves nothing behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from waiting_airflow import until

from jetbridge_local.airflow import AirflowError, AirflowFailed, LocalAirflow

LAUNCH = """
import sys, time
from pathlib import Path
from jetbridge_local.airflow import LocalAirflow
home, dags, python, templates = map(Path, sys.argv[1:])
with LocalAirflow(home, dags, python, templates=templates, progress=lambda p: print(p, flush=True)):
    print("healthy", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def launch(tmp_path, dags_of, airflow_python, database_templates):
    def make(**keywords) -> LocalAirflow:
        return LocalAirflow(
            tmp_path / "airflow",
            dags_of("trivial"),
            airflow_python,
            templates=database_templates,
            **keywords,
        )

    return make


def processes_of(home: Path) -> list[psutil.Process]:
    """Everything that has a file of this Airflow open, or was started for it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, PermissionError):
            if process.environ().get("AIRFLOW_HOME") == str(home) or any(
                file.path.startswith(f"{home}/") for file in process.open_files()
            ):
                found.append(process)
    return found


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that run; a zombie has ended, only nobody has asked how."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def listening_addresses(processes: list[psutil.Process]) -> Iterator[str]:
    for process in processes:
        with suppress(psutil.Error):
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    yield connection.laddr.ip


def test_a_dag_runs_and_nothing_is_left(launch):
    phases = []
    airflow = launch(progress=phases.append)
    with airflow, airflow.client() as client:
        client.wait_for_dag("trivial")
        asked_for = client.trigger("trivial", logical_date="2026-01-02T00:00:00Z")
        run = client.wait_for_dag_run("trivial", asked_for.run_id, timeout=240)
        assert run.state == "success"
        tasks = {(task.task_id, task.map_index): task for task in client.tasks(*key(run))}
        assert set(tasks) == {("numbers", -1), ("double", 0), ("double", 1)}
        assert {task.state for task in tasks.values()} == {"success"}
        (only_try,) = client.tries(*key(run), "numbers")
        assert (only_try.try_number, only_try.state) == (1, "success")
        assert 0 < only_try.seconds < 60
        log = client.log(*key(run), "numbers", 1)
        (said,) = [line for line in log if line.event.startswith("hello from")]
        assert said.event == f"hello from {run.run_id}"
        # A line bears the time at which the supervisor read it, which may be past the end.
        assert only_try.start_date <= said.timestamp <= only_try.end_date + timedelta(seconds=1)
        assert said.fields["level"] == "info"
        assert client.xcom(*key(run), "numbers") == {"a": [1, 2]}
        assert client.xcom(*key(run), "double", map_index=1) == 4
        assert client.xcom(*key(run), "numbers", "no-such-key") is None
        with pytest.raises(AirflowError, match="404"):
            client.dag_run("trivial", "no-such-run")

        endless = client.trigger("endless")
        until(lambda: any(task.state == "running" for task in client.tasks(*key(endless))))
        running = processes_of(airflow.home)
        assert len(running) > len(airflow.components.pids())
        assert set(listening_addresses(running)) == {"127.0.0.1"}

        # A program that waits learns at once that waiting is useless.
        psutil.Process(airflow.components.pids()["scheduler"]).kill()
        with pytest.raises(AirflowFailed, match=r"(?s)scheduler exited with -9\. The end of .*log"):
            client.wait_for_dag_run(*key(endless), timeout=240)

    assert phases == ["database", "components", "health"]
    assert processes_of(airflow.home) == []
    assert living(running) == []


@pytest.fixture
def launcher(
    tmp_path, dags_of, airflow_python, database_templates
) -> Iterator[subprocess.Popen[str]]:
    """A program that runs a `LocalAirflow` and prints its phases."""
    arguments = [tmp_path / "airflow", dags_of("trivial"), airflow_python, database_templates]
    command = [sys.executable, "-c", LAUNCH, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        yield launcher
        launcher.kill()
    for process in processes_of(tmp_path / "airflow"):
        process.kill()


def wait_for_phase(launcher: subprocess.Popen[str], phase: str) -> None:
    assert any(line.strip() == phase for line in launcher.stdout)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("database", marks=pytest.mark.nightly),
        "components",
        pytest.param("health", marks=pytest.mark.nightly),
    ],
)
def test_ctrl_c_leaves_nothing(moment, launcher, tmp_path):
    wait_for_phase(launcher, moment)
    time.sleep(0.5)
    launcher.send_signal(signal.SIGINT)
    assert launcher.wait(240) != 0
    assert processes_of(tmp_path / "airflow") == []


def test_the_next_start_ends_what_a_killed_launcher_left(launch, launcher, tmp_path):
    wait_for_phase(launcher, "health")
    launcher.kill()
    launcher.wait()
    orphans = processes_of(tmp_path / "airflow")
    assert len(orphans) >= 4

    class Enough(Exception):
        pass

    def stop_at_database(phase: str) -> None:
        assert living(orphans) == []
        raise Enough

    with pytest.raises(Enough):
        launch(progress=stop_at_database).start()
    assert processes_of(tmp_path / "airflow") == []


def test_a_component_that_ends_is_named_with_its_log(launch):
    airflow = launch(environment={"AIRFLOW__CORE__EXECUTOR": "NoSuchExecutor"})
    with pytest.raises(AirflowFailed, match=r"(?s)scheduler exited with 1.*NoSuchExecutor"):
        airflow.__enter__()
    assert processes_of(airflow.home) == []


def key(run) -> tuple[str, str]:
    return run.dag_id, run.run_id
