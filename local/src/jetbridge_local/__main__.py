"""The command line: ``jetbridge-local up | down | status``, or ``python -m jetbridge_local``."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from jetbridge_local.limits import LimitError, Limits
from jetbridge_local.settings import (
    DEFAULT_ACCOUNT,
    DEFAULT_REGION,
    CloudSettings,
    SettingsError,
    default_runtime_python,
)
from jetbridge_local.state import AlreadyRunning, StateFolder


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "up":
        return _up(options)
    state = StateFolder(options.state)
    running = state.running()
    if running is None:
        print(f"no local cloud runs with state {state.path}")
        return 1
    if options.command == "down":
        # Late: it makes clients of AWS's services, too, and boto3 takes long to load.
        from jetbridge_local.cloud import stop

        stop(state)
        print(f"stopped: {running.url} pid {running.pid}")
    else:
        print(json.dumps(asdict(running)))
    return 0


def _up(options: argparse.Namespace) -> int:
    # Late: the other commands need neither the emulator nor the engines.
    from jetbridge_local.engine import ImageMapError
    from jetbridge_local.functions import UnsupportedRuntime
    from jetbridge_local.host import run
    from jetbridge_local.ministack_seam import WrongVersion

    try:
        run(
            CloudSettings(
                state=options.state,
                images=options.images,
                port=options.port,
                runtime_python=options.runtime_python,
                account=options.account,
                region=options.region,
                step_seconds=options.step_seconds,
                insights_seconds=options.insights_seconds,
                cpu_by_memory=options.cpu_by_memory,
                limits=Limits(
                    **{each.name: getattr(options, each.name) for each in fields(Limits)}
                ),
            )
        )
    except (
        *(SettingsError, LimitError, AlreadyRunning, OSError),
        *(ImageMapError, UnsupportedRuntime, WrongVersion),
    ) as error:
        print(f"local cloud: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jetbridge-local",
        description="ECS and AWS Batch on this machine, with the AWS services around them.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="run the cloud in the foreground")
    up.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0: a free one")
    up.add_argument("--images", type=Path, help="image map: which folder stands for which image")
    up.add_argument(
        "--runtime-python",
        type=Path,
        default=default_runtime_python(),
        help="interpreter with awslambdaric for functions (default: %(default)s)",
    )
    up.add_argument("--account", default=DEFAULT_ACCOUNT)
    up.add_argument("--region", default=DEFAULT_REGION)
    up.add_argument(
        "--step-seconds",
        type=float,
        default=0.2,
        help="time that a task or job spends in each state it only passes (default: %(default)s)",
    )
    up.add_argument(
        "--insights-seconds",
        type=float,
        default=60.0,
        help="how often Container Insights writes of a task, on clusters that have it on (default: "
        "%(default)s)",
    )
    up.add_argument(
        "--cpu-by-memory",
        action="store_true",
        help="give functions as much of a processor as Lambda does for their memory (Linux)",
    )
    _add_limits(up)
    down = commands.add_parser("down", help="stop a running cloud")
    status = commands.add_parser("status", help="say whether a cloud runs, and where")
    for command in (up, down, status):
        command.add_argument("--state", type=Path, required=True, help="the cloud's folder")
    return parser


def _add_limits(up: argparse.ArgumentParser) -> None:
    limits = up.add_argument_group("limits", "What AWS allows an account; its own by default")
    for name, kind, text in (
        ("--run-task-per-second", float, "calls of RunTask, sustained (default: %(default)s)"),
        ("--run-task-burst", int, "calls of RunTask at once (default: %(default)s)"),
        ("--fargate-per-second", float, "tasks launched, sustained (default: %(default)s)"),
        ("--fargate-burst", int, "tasks launched at once (default: %(default)s)"),
        ("--submit-job-per-second", float, "calls of SubmitJob, sustained (default: %(default)s)"),
        ("--submit-job-burst", int, "calls of SubmitJob at once (default: %(default)s)"),
        ("--cluster-read-per-second", float, "DescribeTasks and ListTasks (default: %(default)s)"),
        ("--cluster-read-burst", int, "DescribeTasks and ListTasks at once (default: %(default)s)"),
        ("--fargate-capacity-tasks", int, "tasks that may live at once (default: any number)"),
        ("--concurrent-executions", int, "functions at once (default: what the machine bears)"),
    ):
        default = getattr(Limits, name.removeprefix("--").replace("-", "_"))
        limits.add_argument(name, type=kind, default=default, help=text)
    limits.add_argument(
        "--disguised-throttling",
        action="store_true",
        help="let RunTask say that it is throttled under InvalidParameterException",
    )


if __name__ == "__main__":
    sys.exit(main())
