"""Where the job prints: its definitions and its log group."""

from pathlib import Path

from benchmarks import site
from jetbridge_local.site.stack import Stack

HERE = Path(__file__).parent
IMAGES = HERE / "images.yaml"
DAGS = HERE / "dags"
GROUP = "/jetbridge/livelag"
DEFINITION = "jetbridge-example-livelag"
_IMAGE = "jetbridge-benchmark/printer:1"


def make_group(stack: Stack) -> dict[str, str]:
    """Make the log group; returns the parameter that turns its live logs on."""
    stack.client("logs").create_log_group(logGroupName=GROUP)
    return {"LiveLogGroupNames": GROUP}


def define_job(stack: Stack) -> None:
    """Register the printing job with ECS and with Batch."""
    site.define_job(stack, DEFINITION, _IMAGE, GROUP)
