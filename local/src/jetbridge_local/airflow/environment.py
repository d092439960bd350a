"""The configuration of a headless Airflow, as environment variables."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOREIGN_PREFIXES = ("AIRFLOW", "AWS_", "PYTHON", "VIRTUAL_ENV")
"""Variables of the surrounding shell that would change this Airflow, or where it connects."""

UNHURRIED = {"AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1"}
"""The variable of a scheduler that looks for work once a second, as Airflow's own default is.

Four times a second take a tenth of a core. So this is for an Airflow that is up for long and mostly
waits, where a second more for a task doesn't matter.
"""


@dataclass(frozen=True, kw_only=True)
class RemoteLogs:
    """Where task logs go: ``s3://bucket/prefix``, by an AWS connection of that id."""

    url: str
    connection_id: str = "aws_default"


def airflow_environment(
    *,
    home: Path,
    dags_folder: Path,
    python: Path,
    port: int,
    remote_logs: RemoteLogs | None = None,
    parallelism: int = 8,
) -> dict[str, str]:
    """Everything that the four components need, added to the shell's own harmless variables.

    Chosen for two cores and for tests: DAG files are parsed once when they appear or change (every
    5 s Airflow looks for them), the scheduler looks for work four times a second, and every server
    listens on 127.0.0.1 only.
    """
    url = f"http://127.0.0.1:{port}"
    sections: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": dags_folder,
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": parallelism,
            "max_active_tasks_per_dag": 64,
            "dags_are_paused_at_creation": False,
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "execution_api_server_url": f"{url}/execution/",
            "simple_auth_manager_all_admins": True,
        },
        "api": {
            "host": "127.0.0.1",
            "port": port,
            "workers": 1,
            "base_url": url,
            "secret_key": secrets.token_hex(16),
        },
        "api_auth": {"jwt_secret": secrets.token_hex(64)},
        "dag_processor": {
            "refresh_interval": 5,
            "bundle_refresh_check_interval": 1,
            "min_file_process_interval": 600,
            "parsing_processes": 1,
            "print_stats_interval": 600,
        },
        "scheduler": {
            "scheduler_idle_sleep_time": 0.25,
            "scheduler_heartbeat_sec": 2,
            "enable_health_check": False,
        },
        "triggerer": {"job_heartbeat_sec": 2},
        "logging": {
            "base_log_folder": home / "logs",
            "logging_level": "INFO",
            "colored_console_log": False,
        },
        "usage_data_collection": {"enabled": False},
        "webserver": {"expose_config": False},
    }
    if remote_logs:
        sections["logging"] |= {
            "remote_logging": True,
            "remote_base_log_folder": remote_logs.url,
            "remote_log_conn_id": remote_logs.connection_id,
        }
    options = {
        f"AIRFLOW__{section}__{option}".upper(): str(value)
        for section, values in sections.items()
        for option, value in values.items()
    }
    return {
        **_shell(),
        **options,
        "AIRFLOW_HOME": str(home),
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def aws_connection(
    endpoint_url: str,
    region: str,
    *,
    key_id: str = "airflow",
    endpoints: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """An Airflow connection to a cloud on this machine.

    ``key_id`` is the access key id under which the cloud records Airflow's calls; ``endpoints``
    names other addresses for single services ("lambda").
    """
    services = {service: {"endpoint_url": url} for service, url in (endpoints or {}).items()}
    return {
        "conn_type": "aws",
        "login": key_id,
        "password": "not-a-secret",
        "extra": {
            "endpoint_url": endpoint_url,
            "region_name": region,
            "service_config": services,
        },
    }


def connection_variable(connection_id: str, connection: Mapping[str, Any]) -> dict[str, str]:
    """The environment variable that gives every component of Airflow this connection."""
    return {f"AIRFLOW_CONN_{connection_id.upper()}": json.dumps(connection)}


def _shell() -> Mapping[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN_PREFIXES) and "proxy" not in name.lower()
    }
