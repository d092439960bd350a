"""The example DAGs, and DAGs in which containers fail, on one real Airflow: all are triggered
together when the first test asks for them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployed import Deployed
from site_of_airflow import Site, states

from jetbridge_local.airflow import AirflowClient, LocalAirflow
from jetbridge_local.site.outcomes import Finished, OutcomesTable
from jetbridge_local.waiting import looks

HERE = Path(__file__).parent / "features"
EXAMPLES = Path(__file__).parents[2] / "examples" / "dags"
DAG_RUN_SECONDS = 240
COPY_SECONDS = 240
ENDS = {
    "teardown_after_failure": "failed",
    "mapped_one_fails": "failed",
    "asset_on_second_try": "success",
    "jetbridge_mapped": "success",
    "jetbridge_setup_teardown": "success",
    "jetbridge_makes_asset": "success",
    "jetbridge_companion": "success",
    "jetbridge_example": "failed",
}
"""How the run of each DAG has to end that is triggered at once."""


@dataclass(frozen=True)
class Runs:
    """The DAG runs: all triggered together, as many as two cores can run."""

    site: Site
    airflow: LocalAirflow
    client: AirflowClient
    outcomes: OutcomesTable
    ids: dict[str, str]

    def ended(self, dag_id: str) -> dict[str, str | None]:
        """The states of a DAG run's tasks, once it has ended as it has to."""
        run = self.client.wait_for_dag_run(dag_id, self.ids[dag_id], DAG_RUN_SECONDS)
        found = states(self.client, dag_id, run.run_id)
        assert run.state == ENDS[dag_id], (found, self.failures(dag_id))
        return found

    def failures(self, dag_id: str) -> list[tuple[str, str]]:
        """What AWS said of the DAG's runs that didn't succeed: task and reason."""
        return [
            (each.caller["task_id"], each.outcome["reason"])
            for each in self.outcomes.all()
            if each.caller.get("dag_id") == dag_id and each.outcome["state"] != "succeeded"
        ]

    def xcom(self, dag_id: str, task_id: str, key: str = "return_value") -> Any:
        return self.client.xcom(dag_id, self.ids[dag_id], task_id, key)

    def asset_events(self, dag_id: str, task_id: str) -> int:
        return len(self.client.asset_events(dag_id, task_id))

    def outcome(self, run_id: str) -> Finished:
        return self.outcomes.wait(lambda run: run.run_id == run_id, 240)

    def wait_for_lines(self, caller: dict[str, Any], ends: list[str]) -> None:
        """Wait until the log of the caller's try has lines that end so, and no others that do, in
        this order: the copy may come after the task's end. Raises AssertionError."""
        one = (caller["dag_id"], caller["run_id"], caller["task_id"], caller["try_number"])
        for _ in looks(COPY_SECONDS, pause=1):
            lines = self.client.log(*one, caller["map_index"])
            found = [end for line in lines for end in ends if line.event.endswith(end)]
            if found == ends:
                return
        raise AssertionError((one, found, [line.event for line in lines]))


@contextmanager
def example_runs(folder: Path) -> Iterator[Runs]:
    dags = folder / "dags"
    shutil.copytree(EXAMPLES, dags)
    shutil.copytree(HERE / "dags", dags, dirs_exist_ok=True)
    with Site(folder / "site", HERE / "images.yaml") as site:
        deployed = Deployed(site.cloud)
        deployed.task_definition("jetbridge-example-exits", "jetbridge-example/exits:latest")
        table = OutcomesTable(site.client("dynamodb"), deployed.outputs["OutcomesTableName"])
        airflow = site.airflow_named("airflow", dags)
        with airflow, airflow.client() as client:
            for dag_id in ENDS:
                client.wait_for_dag(dag_id)
            # The examples' templates have the logical date.
            now = datetime.now(UTC).isoformat()
            ids = {dag_id: client.trigger(dag_id, logical_date=now).run_id for dag_id in ENDS}
            yield Runs(site, airflow, client, table, ids)
