"""An engine's settings."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from jetbridge_local.limits import Limits

from .images import ImageMap, ImageMapFile


def default_container_path() -> str:
    """This interpreter's own folder and the system's: never the user's, whose shims may refuse."""
    return os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])


@dataclass(frozen=True, kw_only=True)
class EngineConfig:
    """How the engines run containers and how fast time goes for them.

    ``endpoint_url`` is what containers get as AWS_ENDPOINT_URL. ``step_seconds`` is the time that
    a task or job spends in each state it only passes through. ``time_scale`` multiplies every
    duration that a definition gives in seconds (attemptDurationSeconds, stopTimeout, …), so that
    a test needn't wait for Batch's least time-out of a minute. ``log_lag_seconds`` delays the
    arrival of log events, beyond the end of their task, as CloudWatch Logs may.
    ``insights_seconds`` is how often Container Insights writes of a task.
    ``close_seconds`` is what containers get to end in at close.
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
