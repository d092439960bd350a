"""A new account: ten functions at once, and not one run is lost."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from deployed import REPORT, Deployed, ecs_task
from operating import Operator

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.limits import Limits
from jetbridge_local.processes import ProcessTable
from jetbridge_local.site.application import Application
from jetbridge_local.site.paths import in_repository

IMAGES = Path(__file__).parent / "images.yaml"
RUNS = 60
QUEUES = ("LaunchQueue", "StateChangeQueue", "FinishQueue", "LogsQueue", "StopQueue", "NotifyQueue")


@pytest.fixture(scope="module")
def new_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    paths = in_repository(tmp_path_factory.mktemp("new-account"))
    with LocalCloud(
        paths.cloud,
        images=IMAGES,
        runtime_python=paths.python("runtime"),
        step_seconds=0.05,
        limits=Limits(concurrent_executions=10),
    ) as cloud:
        application = Application(
            paths, cloud.environment("deployer"), ProcessTable(paths.processes)
        )
        application.build()
        application.deploy()
        application.deploy_example()
        application.allow_airflow()
        yield Deployed(cloud)


def _start(deployed: Deployed) -> str:
    """Repeated while Lambda throttles it, as an Airflow task would be."""
    key = str(uuid.uuid4())
    while True:
        try:
            task = ecs_task("jetbridge-example-report", **REPORT)
            return deployed.start(idempotency_key=key, run_task=task)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TooManyRequestsException":
                raise
            time.sleep(0.5)


def _dead(operator: Operator) -> dict[str, int]:
    queues = [name for name in operator.deployed.resources if name.endswith("DeadLetters")]
    depths = {name: operator.depth(name) for name in queues}
    assert depths
    return {name: depth for name, depth in depths.items() if depth}


def test_no_run_is_lost_where_functions_are_throttled(new_account: Deployed) -> None:
    """A throttled batch is received for nothing. On AWS it comes back after the queue's visibility
    timeout of minutes; here after a second, so that many throttles fit a test."""
    operator = Operator(new_account)
    with ExitStack() as sooner:
        for queue in QUEUES:
            sooner.enter_context(operator.giving_up(queue, 100, 1))
        with ThreadPoolExecutor(20) as threads:
            run_ids = list(threads.map(lambda _: _start(new_account), range(RUNS)))
        for run_id in run_ids:
            assert new_account.outcome(run_id, 240)["state"] == "succeeded"
        throttled = sum(
            new_account.counted("Throttles", each) for each in operator.deployed.functions.values()
        )
        assert throttled > RUNS
        assert _dead(operator) == {}
