"""One Airflow for the test files that need no other, each with a connection and runs of its own.

Starting an Airflow takes thirty seconds of processor time, as much as sixty of its tasks.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stand_in import REGION, StandIn
from waiting_runs import WaitingRuns, create_table

from jetbridge_local.airflow import (
    UNHURRIED,
    AirflowClient,
    LocalAirflow,
    aws_connection,
    connection_variable,
)
from jetbridge_local.cloud import LocalCloud

HERE = Path(__file__).parent
IN_ORDER = ("test_kill", "test_links_and_connection", "test_adoption")
IN_ORDER += ("test_feed_on_airflow", "test_hostile")
"""The files that use it. The last three end or replace components, in this order."""

KILLED, ADOPTED, LINKS, FEED = "aws_killed", "aws_default", "aws_links", "aws_feed"
HOSTILE = "aws_hostile"
"""The connections. DAGs of stock operators name none, so they have Airflow's default."""

HOSTILE_TASKS = int(os.environ.get("JETBRIDGE_HOSTILE", "8"))
ADOPT = "AIRFLOW__JETBRIDGE__ADOPT"
_DAGS = ("dags/waits.py", "dags/feed.py", "dags/net_timeout.py", "dags/hostile.py")
_FOLDERS = ("adopted_dags", "links_dags")


@dataclass(frozen=True)
class SharedAirflow:
    """``waiting`` has the runs of each connection, ``links`` the stand-in of the links' tests.

    The tasks of the DAG ``links`` end when there is a file ``release``.
    """

    airflow: LocalAirflow
    client: AirflowClient
    cloud: LocalCloud
    waiting: Mapping[str, WaitingRuns]
    links: StandIn
    release: Path

    def restart_triggerer(self, variables: Mapping[str, str]) -> None:
        self.airflow.stop_component("triggerer")
        self.airflow.start_component("triggerer", variables)


@contextmanager
def shared_airflow(
    folder: Path, local_python: Path, python: Path, templates: Path
) -> Iterator[SharedAirflow]:
    dags, release = folder / "dags", folder / "release"
    dags.mkdir()
    for name in _FOLDERS:
        shutil.copytree(HERE / name, dags, dirs_exist_ok=True)
    for name in _DAGS:
        shutil.copy(HERE / name, dags)
    with ExitStack() as stack:
        runtime = local_python.parents[2] / "runtime/bin/python"
        cloud = stack.enter_context(
            LocalCloud(folder / "cloud", python=local_python, runtime_python=runtime)
        )
        create_table(cloud.client("dynamodb"))
        waiting = {
            name: stack.enter_context(WaitingRuns(cloud.client("dynamodb")))
            for name in (KILLED, ADOPTED, FEED)
        }
        links = stack.enter_context(StandIn(dynamodb=None, s3=None))
        environment = connection_variable(LINKS, aws_connection(links.url, REGION))
        for name, runs in waiting.items():
            endpoints = {"lambda": runs.url}
            connection = aws_connection(cloud.url, REGION, key_id="test", endpoints=endpoints)
            environment |= connection_variable(name, connection)
        environment |= UNHURRIED | {
            ADOPT: "sha?es, tag:nightly",
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
            "JETBRIDGE_HOSTILE": str(HOSTILE_TASKS),
            "JETBRIDGE_TEST_RELEASE": str(release),
            # The triggerer has no DAG folder, and the trigger of the DAG `links` is in it.
            "PYTHONPATH": os.pathsep.join(filter(None, [str(dags), os.environ.get("PYTHONPATH")])),
        }
        airflow = stack.enter_context(
            LocalAirflow(
                folder / "airflow", dags, python, environment=environment, templates=templates
            )
        )
        client = stack.enter_context(airflow.client())
        yield SharedAirflow(airflow, client, cloud, waiting, links, release)
