"""What a cold start imports: the libraries that cost most stay out of it."""

import json
import os
import subprocess
import sys
from functools import cache

import msgspec
import pytest
from jetbridge_testing.template import ROOT

from jetbridge.wiring.settings import Settings

FUNCTIONS = sorted(path.parent for path in (ROOT / "functions").glob("*/app.py"))
HEAVY = {"asyncio", "boto3", "multiprocessing", "pickle", "pydantic", "s3transfer", "unittest"}
SCRIPT = """
import json, sys
import botocore.session
made, create = [], botocore.session.Session.create_client
def create_client(session, service, *arguments, **named):
    made.append(service)
    return create(session, service, *arguments, **named)
botocore.session.Session.create_client = create_client
import app
json.dump([made, sorted(sys.modules)], sys.stdout)
"""
# What an ordinary event makes a function call (test_functions.py and the benchmark do it).
NEEDED = {
    "copy_logs": {"dynamodb", "sqs", "s3", "logs"},
    "finish_run": {"dynamodb", "sqs", "events", "logs"},
    "launch_run": {"dynamodb", "sqs", "ecs", "batch"},
    "notify_airflow": {"dynamodb", "sqs"},
    "relay_logs": {"dynamodb", "s3"},
    "start_run": {"dynamodb", "sqs"},
    "stop_run": {"dynamodb", "sqs", "ecs", "batch"},
    "sweep_runs": {"dynamodb", "sqs"},
    "track_run": {"dynamodb", "sqs"},
    "watch_runs": {"dynamodb"},
}


@cache
def _started(function: str, **variables: str) -> tuple[list[str], list[str]]:
    """The services whose clients a process has made when its function's handler is ready, and the
    names of all modules that it has loaded."""
    printed = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT / "functions" / function,
        env=os.environ | {"PYTHONPATH": "."} | variables,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    made, modules = json.loads(printed)
    return made, modules


def _imported(function: str, **variables: str) -> set[str]:
    _, modules = _started(function, **variables)
    return set(modules)


@pytest.mark.parametrize("function", [path.name for path in FUNCTIONS])
def test_no_function_imports_what_it_can_do_without(function: str) -> None:
    assert not _imported(function) & HEAVY


@pytest.mark.parametrize("function", sorted({path.name for path in FUNCTIONS} - {"finish_run"}))
def test_only_finish_run_masks_in_each_invocation(function: str) -> None:
    imported = _imported(function)
    assert "jetbridge.secrets.lines" not in imported
    assert ("jetbridge.secrets.forms" in imported) is (function == "start_run")


@pytest.mark.parametrize("function", sorted({path.name for path in FUNCTIONS} - {"start_run"}))
def test_tries_are_start_runs_own(function: str) -> None:
    assert "jetbridge.launching.dynamodb" not in _imported(function)


def test_start_run_imports_what_it_calls_and_no_other_functions_adapters() -> None:
    imported = _imported("start_run")
    assert {"jetbridge.runs.dynamodb", "jetbridge.launching.dynamodb"} <= imported
    # What ends a launch, and says why, isn't start_run's; a try that takes a run over imports it.
    assert not any(name.startswith("jetbridge.failures") for name in imported)
    assert not any(name.startswith("jetbridge.progress") for name in imported)
    assert not imported & {
        "s3transfer",
        "jetbridge.backends.ecs",
        "jetbridge.backends.batch",
        "jetbridge.launching.endings",
        "jetbridge.concurrency.dynamodb",
        "jetbridge.outcomes.eventbridge",
        "jetbridge.logs.cloudwatch",
        "jetbridge.logs.s3",
        "jetbridge.wiring.sqs_batch",
        "aws_lambda_powertools.utilities.batch",
        "asyncio",
    }


SETTINGS = {
    f"JETBRIDGE_{field.name.upper()}": "any"
    for field in msgspec.structs.fields(Settings)
    if field.required
}
ON_LAMBDA = SETTINGS | {
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
}


@pytest.mark.parametrize("function", ["launch_run", "track_run"])
@pytest.mark.parametrize(
    ("variable", "modules"),
    [
        ("LIVE_LOG_GROUPS", {"jetbridge.logs.live.owners"}),
        ("WATCHED_CLUSTER_ARNS", {"jetbridge.tracking.foreign", "jetbridge.tracking.assets"}),
    ],
)
def test_what_a_stack_has_not_is_not_imported(
    function: str, variable: str, modules: set[str]
) -> None:
    plain = ON_LAMBDA | {f"JETBRIDGE_{variable}": ""}
    assert not _imported(function, **plain) & modules
    if function == "track_run" or variable.startswith("LIVE"):
        given = ON_LAMBDA | {f"JETBRIDGE_{variable}": "some"}
        assert _imported(function, **given) >= modules


@pytest.mark.parametrize("live", ["", "/ecs/report"], ids=["plain", "live logs"])
@pytest.mark.parametrize("function", [path.name for path in FUNCTIONS])
def test_on_lambda_clients_are_made_at_the_start_and_each_once(function: str, live: str) -> None:
    made, _ = _started(function, **ON_LAMBDA, JETBRIDGE_LIVE_LOG_GROUPS=live)
    assert sorted(made) == sorted(NEEDED[function])


@pytest.mark.parametrize("function", [path.name for path in FUNCTIONS])
def test_elsewhere_no_client_is_made(function: str) -> None:
    made, _ = _started(function)
    assert made == []
