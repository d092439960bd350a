"""The functions' settings: environment variables that the template sets."""

import os
from collections.abc import Mapping
from typing import Literal

import msgspec

from jetbridge.contract import Way


class SettingsError(RuntimeError):
    """An environment variable is missing or malformed: the template and the code disagree."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One field per environment variable ``JETBRIDGE_<FIELD>`` (see template.yaml).

    Lists are separated by commas. Each function with a queue has the URL of that queue's
    dead-letter queue. start_run, launch_run and sweep_runs have the limits of concurrency groups.
    Only start_run has all allow-lists and the offload bucket; sweep_runs has the lists of clusters
    and queues. start_run, watch_runs and notify_airflow have the secret's ARN. track_run and
    watch_runs have the clusters and queues whose other tasks and jobs are watched, and track_run
    has the assets that those update. finish_run knows whether there is advice on sizes. If traces
    are exported, finish_run, track_run and sweep_runs have the endpoint, and finish_run the ARN of
    its secret.
    """

    stack_key: str
    stack_name: str
    runs_table: str
    outcomes_table: str
    launch_queue_url: str
    finish_queue_url: str
    logs_queue_url: str
    stop_queue_url: str
    notify_queue_url: str
    stop_function: str
    dead_letters_url: str = ""
    log_bucket: str = ""
    log_prefix: str = ""
    log_group: str = ""
    live_log_groups: list[str] = []
    log_reads_per_second: float = 5
    settle_seconds: float = 5
    result_wait_seconds: float = 900
    check_after_seconds: float = 900
    concurrency_groups: list[str] = []
    ecs_launches_per_second: float = 20
    batch_submits_per_second: float = 50
    cluster_arns: list[str] = []
    task_definition_arns: list[str] = []
    job_queue_arns: list[str] = []
    job_definition_arns: list[str] = []
    passable_role_arns: list[str] = []
    locked_definition_arns: list[str] = []
    offload_bucket: str = ""
    offload_prefix: str = ""
    watched_cluster_arns: list[str] = []
    watched_job_queue_arns: list[str] = []
    asset_events: list[str] = []
    finish: Way = "feed"
    airflow_secret_arn: str = ""
    size_advice: Literal["on", "off"] = "off"
    traces_endpoint: str = ""
    traces_secret_arn: str = ""
    region: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises: SettingsError"""
        values: dict[str, str | list[str]] = {}
        for field in msgspec.structs.fields(cls):
            text = environment.get(f"JETBRIDGE_{field.name.upper()}")
            if text is not None:
                values[field.name] = _items(text) if field.type == list[str] else text
        values["region"] = environment.get("AWS_REGION", "")
        try:
            return msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"JETBRIDGE_* environment variables: {error}") from error


def _items(text: str) -> list[str]:
    return [item for item in map(str.strip, text.split(",")) if item]
