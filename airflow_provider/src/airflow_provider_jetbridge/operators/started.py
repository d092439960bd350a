"""Logs that Jetbridge has accepted a run, and where the containers' logs will be."""

from __future__ import annotations

from typing import Any

from jetbridge.contract import (
    CloudWatchLogTarget,
    LogTarget,
    S3LogTarget,
    StartAnswer,
    StartRequest,
)


def tell_start(log: Any, request: StartRequest, answer: StartAnswer, stack: object) -> None:
    """Log start_run's answer, with its warnings."""
    log.info(
        "Run %s %s (Jetbridge stack %s, %s)",
        answer.run_id,
        _how_it_came(answer),
        stack,
        answer.region,
    )
    for warning in answer.warnings:
        log.warning("%s", warning)
    _tell_target(log, request.log_target)


def _how_it_came(answer: StartAnswer) -> str:
    if answer.attached:
        return "of an earlier try is still running: this try attaches to it"
    return "was accepted before" if answer.duplicate else "is accepted"


def _tell_target(log: Any, target: LogTarget | None) -> None:
    if isinstance(target, S3LogTarget):
        log.info(
            "The containers' logs will be shown here when the run has ended, from s3://%s/%s.*",
            target.bucket,
            target.key_prefix,
        )
    elif isinstance(target, CloudWatchLogTarget):
        log.info(
            "The containers' logs will be shown here when the run has ended, from the log group %s",
            target.group,
        )
    else:
        log.info(
            "Airflow's task logs are neither on S3 nor in CloudWatch Logs: the containers' logs "
            "stay in CloudWatch Logs"
        )
