"""What Airflow finds when the provider is installed, and what parsing a DAG costs."""

import json
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest

import airflow_provider_jetbridge
from airflow_provider_jetbridge import aws, log_target
from airflow_provider_jetbridge.provider_info import get_provider_info


def test_provider_info_is_valid_and_true() -> None:
    info = get_provider_info()
    schema = Path(airflow.__file__).parent / "provider_info.schema.json"
    jsonschema.validate(info, json.loads(schema.read_text()))
    assert info["versions"] == [airflow_provider_jetbridge.__version__]
    for kind in ("operators", "sensors", "hooks", "triggers"):
        for module in info[kind][0]["python-modules"]:
            import_module(module)


def test_the_installed_distribution_names_it() -> None:
    (entry_point,) = [
        entry_point
        for entry_point in metadata.entry_points(group="apache_airflow_provider")
        if entry_point.module == "airflow_provider_jetbridge.provider_info"
    ]
    assert entry_point.load() is get_provider_info
    version = metadata.version("airflow-provider-jetbridge")
    assert version == airflow_provider_jetbridge.__version__


def test_defaults_in_the_configuration_section_are_those_of_the_code() -> None:
    from airflow_provider_jetbridge import settings

    options = get_provider_info()["config"]["jetbridge"]["options"]
    assert options["stack"]["default"] == settings.DEFAULT_STACK
    assert float(options["poll_interval_seconds"]["default"]) == settings.POLL_INTERVAL_SECONDS
    assert float(options["resume_hold_seconds"]["default"]) == settings.RESUME_HOLD_SECONDS
    assert float(options["resumes_per_second"]["default"]) == settings.RESUMES_PER_SECOND


def test_parsing_a_dag_loads_no_aws_library() -> None:
    modules = {
        f"airflow_provider_jetbridge.{module}"
        for module in (
            "operators.ecs",
            "operators.batch",
            "operators.stop",
            "sensors.run",
            "sensors.ecs",
            "sensors.batch",
        )
    }
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert modules <= loaded
    assert not loaded & {"boto3", "botocore", "airflow.providers.amazon.aws"}
    ours = {name for name in loaded if name.startswith("jetbridge")}
    assert all(name == "jetbridge" or name.startswith("jetbridge.contract") for name in ours)


def test_a_client_takes_the_connections_settings_before_our_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = {
        "conn_type": "aws",
        "login": "a-key-id",
        "password": "a-secret",
        "extra": {
            "endpoint_url": "http://127.0.0.1:4566",
            "region_name": "eu-west-3",
            "config_kwargs": {"read_timeout": 3},
        },
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_TEST", json.dumps(connection))
    access = aws.AwsAccess.of("aws_test", None, None, None)
    client = aws.client(access, "lambda", read_timeout=60, connect_timeout=5)
    assert client.meta.endpoint_url == "http://127.0.0.1:4566"
    assert client.meta.region_name == "eu-west-3"
    assert (client.meta.config.read_timeout, client.meta.config.connect_timeout) == (3, 5)

    own = aws.AwsAccess.of("aws_test", "eu-north-1", None, {"read_timeout": 9})
    client = aws.client(own, "dynamodb", read_timeout=60, connect_timeout=5)
    assert client.meta.region_name == "eu-north-1"
    assert (client.meta.config.read_timeout, client.meta.config.connect_timeout) == (9, 5)


@pytest.mark.parametrize(
    ("map_index", "path"),
    [
        (-1, "dag_id=dag/run_id=scheduled__2026-01-01T00:00:00+00:00/task_id=job/attempt=2.log"),
        (
            7,
            "dag_id=dag/run_id=scheduled__2026-01-01T00:00:00+00:00/task_id=job/"
            "map_index=7/attempt=2.log",
        ),
    ],
)
def test_the_log_path_is_airflows(ti: Any, map_index: int, path: str) -> None:
    from airflow.utils.helpers import log_filename_template_renderer

    ti.map_index = map_index
    assert log_target.relative_log_path(ti) == log_filename_template_renderer()(ti=ti) == path


@pytest.mark.parametrize("base", [None, "cloudwatch://arn:aws:logs:r:1:log-group:g", "gs://bucket"])
def test_a_log_that_is_not_on_s3_has_no_target(
    ti: Any, monkeypatch: pytest.MonkeyPatch, base: str | None
) -> None:
    monkeypatch.setattr(log_target, "_remote_base", lambda: base)
    assert log_target.s3_log_target(ti) is None
