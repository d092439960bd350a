"""An engine's settings."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from jetbridge_local.limits import Limits

from .images import ImageMap, ImageMapFile


def default_container_path() -> str:
    """The folders of this interpreter and of the system. The user's PATH isn't used, since its
    shims may refuse to run."""
    return os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])


@dataclass(frozen=True, kw_only=True)
class EngineConfig:
    """How the engines run containers, and how fast time passes for them.

    Containers get ``endpoint_url`` as AWS_ENDPOINT_URL. ``step_seconds`` is the time that a task or
    job spends in each state that it only passes through. ``time_scale`` multiplies every duration
    that a definition gives in seconds (attemptDurationSeconds, stopTimeout, …). So a test needn't
    wait for Batch's shortest timeout of a minute. ``log_lag_seconds`` delays log events, even
    beyond the end of their task, as can happen in CloudWatch Logs. ``insights_seconds`` is the
    interval of a task's Container Insights events. ``close_seconds`` is the time in which
    containers must end at close.
    """

    account: str
    region: str
    state_dir: Path
    image_map: ImageMap | ImageMapFile
    endpoint_url: str
    step_seconds: float = 0.2
    time_scale: float = 1.0
    log_flush_seconds: float = 0.5
    log_lag_seconds: float = 0.0
    insights_seconds: float = 60.0
    stopped_task_retention_seconds: float = 3600.0
    ended_job_retention_seconds: float = 7 * 86_400.0
    client_token_retention_seconds: float = 86_400.0
    limits: Limits = field(default_factory=Limits)
    close_seconds: float = 5.0
    access_key_id: str = "test"
    secret_access_key: str = "test"
    container_path: str = field(default_factory=default_container_path)
