"""What a cold start imports: the libraries that cost most stay out of it."""

import json
import os
import subprocess
import sys

import pytest
from jetbridge_testing.template import ROOT

FUNCTIONS = sorted(path.parent for path in (ROOT / "functions").glob("*/app.py"))
HEAVY = {"boto3", "pydantic"}
SCRIPT = "import sys, json, app; json.dump(sorted(sys.modules), sys.stdout)"


def _imported(function: str) -> set[str]:
    """Names of all modules that a process has loaded when the function's handler is ready."""
    printed = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT / "functions" / function,
        env=os.environ | {"PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return set(json.loads(printed))


@pytest.mark.parametrize("function", [path.name for path in FUNCTIONS])
def test_no_function_imports_what_it_can_do_without(function: str) -> None:
    assert not _imported(function) & HEAVY


def test_start_run_imports_what_it_calls_and_no_other_functions_adapters() -> None:
    imported = _imported("start_run")
    assert "jetbridge.runs.dynamodb" in imported
    assert not imported & {
        "s3transfer",
        "jetbridge.backends.ecs",
        "jetbridge.backends.batch",
        "jetbridge.bus.eventbridge",
        "jetbridge.logs.cloudwatch",
        "jetbridge.logs.s3",
        "jetbridge.sqs_batch",
        "aws_lambda_powertools.utilities.batch",
        "asyncio",
    }
