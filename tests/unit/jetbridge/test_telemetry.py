"""The stack's parameter LogLevel, from the template through Powertools to Lambda's filter."""

import json
import os
import subprocess
import sys

import pytest
from jetbridge_testing.template import GLOBALS, template

from jetbridge_local.functions.log_filter import lets_through

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]
PROGRAM = """
import logging
from jetbridge.wiring.telemetry import count, logger, metrics
for level in ("debug", "info", "warning", "error"):
    getattr(logger, level)("ours")
    getattr(logging.getLogger("botocore"), level)("theirs")
count("Metric")
metrics.flush_metrics()
"""


def _application_level(log_level: str) -> str:
    """What the template makes of LogLevel."""
    condition, if_true, otherwise = GLOBALS["LoggingConfig"]["ApplicationLogLevel"]["Fn::If"]
    tested = template()["Conditions"][condition]["Fn::Equals"]
    assert tested[0] == {"Ref": "LogLevel"}
    return str(if_true if log_level == tested[1] else otherwise)


def _logged(log_level: str, application_level: str) -> list[str]:
    """The messages, and names of metrics, that reach the log group."""
    variables = {
        "AWS_LAMBDA_LOG_LEVEL": application_level,
        "POWERTOOLS_LOG_LEVEL": log_level,
        "POWERTOOLS_SERVICE_NAME": "jetbridge",
        "POWERTOOLS_METRICS_NAMESPACE": "Jetbridge",
        "AWS_LAMBDA_FUNCTION_NAME": "jetbridge-track-run",
    }
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    ran = subprocess.run(
        command, env=dict(os.environ) | variables, capture_output=True, text=True, check=True
    )
    kept = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    kept = [line for line in kept if lets_through(application_level, json.dumps(line))]
    return [line.get("level", "metric") for line in kept]


@pytest.mark.parametrize("log_level", LEVELS)
def test_log_level_says_which_lines_are_logged_and_metrics_always_are(log_level: str) -> None:
    logged = _logged(log_level, _application_level(log_level))
    assert logged == [*LEVELS[LEVELS.index(log_level) :], "metric"]


def test_lambdas_own_filter_at_warn_would_drop_the_metrics() -> None:
    assert _logged("WARNING", "WARN") == ["WARNING", "ERROR"]


def test_a_level_that_isnt_one_is_info() -> None:
    """AWS Lambda developer guide, "Log-level filtering"."""
    for line in ('{"level": "loud"}', '{"level": null}', "[]", "a line", '{"_aws": {}}'):
        assert lets_through("INFO", line)
        assert not lets_through("WARN", line)
    assert not lets_through("INFO", '{"level": "debug", "message": "m"}')
    assert lets_through("WARN", '{"level": "CRITICAL"}')
    assert lets_through("", '{"level": "TRACE"}')


def test_libraries_never_log_what_they_send_and_get() -> None:
    """botocore's DEBUG lines hold whole requests and answers, secrets among them."""
    program = (
        "import logging, jetbridge.wiring.telemetry;"
        "print(logging.getLogger('botocore').getEffectiveLevel())"
    )
    for log_level in LEVELS:
        variables = {"AWS_LAMBDA_LOG_LEVEL": "DEBUG", "POWERTOOLS_LOG_LEVEL": log_level}
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env=dict(os.environ) | variables,
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(ran.stdout) >= 20
