"""Proves the push endpoint's lock on PostgreSQL: many pushes of one outcome at once.

`test_push` asks a whole Airflow with eight requests, which its API server may well handle one by
one. Here 16 threads begin together in the endpoint's own transaction; without its lock most of them
are answered with 200.
"""

import json
from pathlib import Path

from jetbridge_local.airflow import PostgresServer
from jetbridge_local.airflow.components import Components
from jetbridge_local.airflow.database import template_path
from jetbridge_local.airflow.environment import airflow_environment
from jetbridge_local.processes import ProcessTable

SCRIPT = Path(__file__).with_name("push_at_once.py")


def test_pushes_that_begin_together_resume_once(tmp_path, airflow_python, database_templates):
    server = PostgresServer()
    options = airflow_environment(
        home=tmp_path, dags_folder=tmp_path / "dags", python=airflow_python, port=9
    )
    components = Components(
        tmp_path / "logs-of-components",
        ProcessTable(tmp_path / "processes"),
        {**options, **server.options(tmp_path)},
    )
    python = str(airflow_python)
    template = template_path(database_templates, server, airflow_python)
    try:
        server.provide(
            components,
            tmp_path,
            lambda: components.run("db-migrate", [python, "-m", "airflow", "db", "migrate"], 180),
            template,
        )
        components.run("pushes", [python, str(SCRIPT)], timeout=240)
    finally:
        components.stop("pushes")
        components.stop()
    found = json.loads(components.log("pushes").read_text().splitlines()[-1])
    assert found == {"statuses": [200] + [409] * 15, "state": "scheduled"}
