"""Writes rows and outcomes by the code of release 0.1, for each end in events/state_changes.

    mkdir release && tar xf tests/integration/stack/releases/0.1.tar.xz -C release
    PYTHONPATH=release/layers/jetbridge/src .venv/dev/bin/python \\
        tests/unit/jetbridge/histories/record_0_1.py > tests/unit/jetbridge/histories/0.1.json

A launch that 0.1 replaces is followed by one that succeeds, so that each history has an outcome.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[4]

from msgspec.structs import replace  # noqa: E402

from jetbridge.contract import StartRequest, decode, encode  # noqa: E402
from jetbridge.domain.changes import from_event  # noqa: E402
from jetbridge.domain.failures import next_launch  # noqa: E402
from jetbridge.domain.run import Definition, LogSource, Run, Status  # noqa: E402
from jetbridge.runs.item import to_item  # noqa: E402
from jetbridge.services.finish import Finish  # noqa: E402

STACK_KEY = "5f0c7a10"
NOW = 1_772_323_200.25
GROUP = "/ecs/report"
REGION = "eu-central-1"
DEFINITIONS = {
    "ecs": Definition(
        arn=f"arn:aws:ecs:{REGION}:123456789012:task-definition/report:12",
        log_sources=[
            LogSource(container="main", driver="awslogs", group=GROUP, prefix="report"),
            LogSource(
                container="proxy",
                driver="awslogs",
                group=GROUP,
                prefix="report",
                essential=False,
            ),
        ],
    ),
    "batch": Definition(
        arn=f"arn:aws:batch:{REGION}:123456789012:job-definition/load:7",
        log_sources=[LogSource(container="default", driver="awslogs", group="/aws/batch/job")],
    ),
}
REQUESTS: dict[str, dict[str, Any]] = {
    "ecs": {"run_task": {"cluster": "etl", "taskDefinition": "report:12"}},
    "batch": {"submit_job": {"jobQueue": "etl", "jobDefinition": "load:7", "jobName": "load"}},
}
SUCCEEDED = {"ecs": "ecs_stopped_exit_0", "batch": "batch_succeeded"}


class NoLines:
    """A log of which nothing has arrived."""

    def tail(self, stream: Any, limit: int) -> None:
        return None


def change(name: str) -> Any:
    path = ROOT / "events" / "state_changes" / f"{name}.json"
    return from_event(json.loads(path.read_text()), STACK_KEY)


def history(name: str) -> dict[str, Any] | None:
    """A row and an outcome as the tables had them; None: the change ends nothing."""
    first = change(name)
    if first is None or first.ending is None:
        return None
    caller = {"kind": "person", "name": "ada"}
    asked = {"caller": caller, "idempotency_key": name} | REQUESTS[first.backend]
    run = Run(
        run_id=first.run_id,
        request=decode(StartRequest, asked),
        created_at=NOW,
        status=Status.LAUNCHED,
        definition=DEFINITIONS[first.backend],
        backend_id=first.backend_id,
    )
    ending, at = first.ending, NOW + 60
    while (relaunch := next_launch(run, ending, at, run.backend_id)) is not None:
        run = replace(
            run, launch=relaunch.launch, not_before=relaunch.not_before, deaths=relaunch.deaths
        )
        ending, at = change(SUCCEEDED[first.backend]).ending, relaunch.not_before + 60
    run = replace(run, status=Status.ENDED, ending=ending)
    finish = Finish(
        runs=None,
        outcomes=None,
        source=NoLines(),
        notices=None,
        copies=None,
        bus=None,
        region=REGION,
        # It waits for no line.
        settle_seconds=-10,
        clock=lambda: at + 5,
    )
    outcome = finish._compose(run, ending)
    return {"name": name, "row": to_item(run), "outcome": json.loads(encode(outcome))}


names = sorted(path.stem for path in (ROOT / "events" / "state_changes").glob("*.json"))
found = [each for name in names if (each := history(name)) is not None]
sys.stdout.write("[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n")
