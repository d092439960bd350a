"""What the log says of a run that a try which Airflow fails asked to stop."""

import logging
from typing import Any

import pytest

from airflow_provider_jetbridge.operators.given_up import tell_stop
from jetbridge.contract import StopAnswer


@pytest.mark.parametrize(
    ("fields", "level", "said"),
    [
        ({"stopping": ["r1"]}, logging.INFO, "Run r1 is being stopped: the wait timed out"),
        ({"already_ended": ["r1"]}, logging.INFO, "Run r1 had ended"),
        ({"unknown": ["r1"]}, logging.INFO, "Jetbridge has no run of this try"),
        ({"taken_over": ["r1"]}, logging.INFO, "another try waits for it"),
        (
            {"refused": {"r1": "AccessDeniedException"}},
            logging.ERROR,
            "Run r1 could not be stopped, and may still be running: AccessDeniedException",
        ),
    ],
)
def test_each_answer_is_logged(
    caplog: pytest.LogCaptureFixture, fields: dict[str, Any], level: int, said: str
) -> None:
    answer = StopAnswer(**{"stopping": [], "already_ended": [], "unknown": [], **fields})
    with caplog.at_level(logging.INFO):
        tell_stop(logging.getLogger("tests.given_up"), "r1", answer, "the wait timed out")
    [record] = [each for each in caplog.records if each.name == "tests.given_up"]
    assert record.levelno == level
    assert said in record.getMessage()
