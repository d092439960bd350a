"""The demo: start everything, run the example, read it back, stop everything."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from rich.console import Console

from jetbridge_local.airflow import AirflowClient, AirflowFailed, LocalAirflow, Task
from jetbridge_local.airflow.ports import is_answered
from jetbridge_local.demo import calls
from jetbridge_local.demo.expectations import DAG_ID, EXPECTED
from jetbridge_local.demo.ports import Ports
from jetbridge_local.demo.reading import DagRunReader, printed_lines
from jetbridge_local.demo.report import Report
from jetbridge_local.site.outcomes import Finished, OutcomesTable
from jetbridge_local.site.paths import Paths
from jetbridge_local.site.progress import Progress, Say
from jetbridge_local.site.site import Site

CALLER = "demo"
DAG_RUN_SECONDS = 240.0
SCHEDULED_RUN_SECONDS = 120.0


class Demo:
    """What is up while the demo runs. ``stop`` ends all of it.

    ``ports`` are where it serves; None takes free ones.
    """

    def __init__(self, paths: Paths, console: Console, ports: Ports | None = None) -> None:
        self._paths = paths
        self._console = console
        self._progress = Progress(console)
        self._site = Site(paths, caller=CALLER, port=ports.cloud if ports else 0)
        self._cloud = self._site.cloud
        self._airflow_port = ports.airflow if ports else None
        self._airflow: LocalAirflow | None = None
        self._stop = ExitStack()

    def run(self, report: Report) -> None:
        """Everything, in order; what was found out goes into ``report``."""
        self.start()
        with self.airflow.client() as client:
            run_id = self._run_dag(client)
            report.scheduled = self._wait_for_schedule()
            self._read_back(client, run_id, report)

    def start(self) -> None:
        """Bring up the cloud, the stack and Airflow, as far as they aren't up."""
        if not self._cloud.is_running:
            self._start_cloud()
        self._deploy()
        if self._airflow is None:
            self._start_airflow()

    def attach(self) -> bool:
        """Use a cloud and an Airflow that are up already. False: there is no cloud."""
        if not self._cloud.attach():
            return False
        airflow = self._make_airflow()
        # Not its answer: an Airflow that is only slow would be considered gone, and replaced.
        if is_answered(airflow.port):
            self._airflow = airflow
        return True

    @property
    def seconds(self) -> float:
        """Seconds since its start."""
        return self._progress.seconds

    def stop(self) -> None:
        """Stop everything that runs; may be called twice."""
        with self._progress.step("stop everything"):
            self._stop.close()

    def describe(self) -> None:
        """Print where things are, for ``--keep``."""
        airflow = f"{self._airflow.url}/dags/{DAG_ID}" if self._airflow else "not up"
        cloud = f"{self._cloud.url}  (AWS_ENDPOINT_URL)" if self._cloud.is_running else "not up"
        self._console.print(
            f"Airflow      {airflow}\n"
            f"Local cloud  {cloud}\n"
            f"DAGs         {self._paths.dags}\n"
            f"Images       {self._paths.images}\n"
            f"Logs         {self._paths.local}\n"
            "A container of your own: docs/how-to/first-container.md. `make down` stops it all.",
            highlight=False,
            soft_wrap=True,
        )

    @property
    def airflow(self) -> LocalAirflow:
        """What runs the DAG.

        Raises:
            AirflowFailed: it isn't started.
        """
        if self._airflow is None:
            raise AirflowFailed("Airflow isn't started")
        return self._airflow

    def outcomes(self) -> OutcomesTable:
        """The outcomes table of the deployed stack."""
        stack = self._site.stack
        return OutcomesTable(stack.client("dynamodb"), stack.outputs["OutcomesTableName"])

    def _start_cloud(self) -> None:
        with self._progress.step("local cloud"):
            self._stop.callback(self._cloud.stop)
            self._cloud.start()

    def _deploy(self) -> None:
        application = self._site.application
        with self._progress.step("sam build"):
            application.build()
        with self._progress.step("sam deploy"):
            application.deploy()
        with self._progress.step("sam deploy, what the example runs"):
            application.deploy_example()
            application.allow_airflow()

    def _start_airflow(self) -> None:
        with self._progress.step("Airflow") as say:
            self._airflow = self._make_airflow(say)
            self._stop.callback(self._airflow.stop)
            self._airflow.start()
            self._airflow.wait_healthy()

    def _make_airflow(self, say: Say | None = None) -> LocalAirflow:
        return self._site.airflow(self._paths.dags, port=self._airflow_port, progress=say)

    def _run_dag(self, client: AirflowClient) -> str:
        with self._progress.step(f"DAG run of {DAG_ID}") as say:
            client.wait_for_dag(DAG_ID)
            run_id = client.trigger(DAG_ID, logical_date=datetime.now(UTC).isoformat()).run_id
            client.wait_for_dag_run(DAG_ID, run_id, DAG_RUN_SECONDS, _told(say))
            return run_id

    def _wait_for_schedule(self) -> Finished:
        with self._progress.step("run started by an EventBridge schedule"):
            return self.outcomes().wait(
                lambda run: run.caller["kind"] == "schedule", SCHEDULED_RUN_SECONDS
            )

    def _read_back(self, client: AirflowClient, run_id: str, report: Report) -> None:
        with self._progress.step("read everything back from Airflow"):
            finished = self.outcomes().all()
            ours = [run for run in finished if run.caller.get("run_id") == run_id]
            logs = self._site.stack.client("logs")
            reader = DagRunReader(
                client, DAG_ID, run_id, ours, lambda run: printed_lines(logs, run)
            )
            for task_id, expected in EXPECTED.items():
                report.tasks[task_id] = reader.read(task_id, expected)
            served = [call for call in self._cloud.calls() if call["caller"] != CALLER]
            report.aws_calls = calls.by_operation(served)
            report.watching_calls = calls.watching_while_running(served, finished)


def _told(say: Say) -> Callable[[list[Task]], None]:
    def tell(tasks: list[Task]) -> None:
        say(", ".join(f"{task.task_id} {task.state or 'waiting'}" for task in tasks))

    return tell
