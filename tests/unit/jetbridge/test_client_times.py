"""A call that hangs is over before its function's time is."""

from typing import Any

import pytest
from jetbridge_testing.template import template

from jetbridge.aws.clients import client
from jetbridge.wiring import backends, copy_logs, logs

RESOURCES = template()["Resources"]
GLOBAL = template()["Globals"]["Function"]["Timeout"]
# Back-off of the mode "standard" before the second and later attempts, at most (AWS SDKs and tools
# reference guide, "Retry behavior": b * r ** i with b up to 1 and r = 2).
BACK_OFF = [1, 2, 4, 8]


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def longest(made: Any) -> float:
    config = made.meta.config
    attempts: int = config.retries["total_max_attempts"]
    once: float = config.connect_timeout + config.read_timeout
    return attempts * once + sum(BACK_OFF[: attempts - 1])


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "events", "ecs", "secretsmanager", "s3"])
def test_a_client_fits_into_every_function(service: Any) -> None:
    assert longest(client(service)) < GLOBAL


def test_batchs_single_call_fits() -> None:
    assert longest(backends.batch()) < GLOBAL


def test_what_copy_logs_reads_and_writes_fits() -> None:
    timeout = RESOURCES["CopyLogsFunction"]["Properties"]["Timeout"]
    assert longest(copy_logs.s3()) < timeout
    assert longest(copy_logs.logs("us-east-1")) < timeout


def test_finish_runs_reads_fit_many_times() -> None:
    assert longest(logs.hasty_logs("us-east-1")) < GLOBAL / 4
