"""The two triggers that are compared, and the arguments that each of a thousand gets."""

import time
from dataclasses import dataclass
from typing import Any

from benchmarks.feed.aws import REGION, TABLE
from benchmarks.size import sized

STOCK_POLL_SECONDS = 6
"""``waiter_delay`` of the stock ``EcsRunTaskOperator``, by default."""


@dataclass(frozen=True)
class Side:
    """``steady_seconds``: how long calls and CPU are counted, whole rounds of its polling.

    ``own_call``: the operation that each of its triggers calls by itself; None if one poller calls
    for all.
    """

    name: str
    trigger: str
    steady_seconds: float
    own_call: str = ""

    def arguments(self, index: int) -> dict[str, Any]:
        """The arguments of the trigger of one deferred task."""
        if self is OURS:
            return {
                "run_id": run_id(index),
                "outcomes_table": TABLE,
                "region_name": REGION,
                "deferred_at": time.time(),
                "stop_function": "jetbridge-stop-run",
                "caller_key": f"airflow/feed/run/waits/{index}/{run_id(index)}/1",
            }
        return {
            "cluster": "cluster",
            "task_arn": f"arn:aws:ecs:{REGION}:123456789012:task/cluster/{index:032x}",
            "waiter_delay": STOCK_POLL_SECONDS,
            "waiter_max_attempts": 100_000,
            "aws_conn_id": "aws_default",
            "region_name": REGION,
            "log_group": "/ecs/feed",
            "log_stream": f"ecs/main/{index:032x}",
        }


OURS = Side(
    "ours", "airflow_provider_jetbridge.triggers.run.JetbridgeRunTrigger", sized(60.0, 10.0)
)
STOCK = Side(
    "stock",
    "airflow.providers.amazon.aws.triggers.ecs.TaskDoneTrigger",
    sized(24.0, 12.0),
    "DescribeTasks",
)


def run_id(index: int) -> str:
    return f"run-{index:05d}"
