"""The stack of the release before is updated to today's while runs are under way.

``releases/0.1.tar.xz`` is that release's template, functions and layers as they were: `git archive`
of commit b0fcb70. They are in a file since a clone in CI may have no history.
"""

import dataclasses
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed import Deployed, ecs_task

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.site.application import Application
from jetbridge_local.site.paths import in_repository
from jetbridge_local.site.site import Site

HERE = Path(__file__).parent
RELEASE = HERE / "releases" / "0.1.tar.xz"
LONG, SHORT = "600", "1"


@pytest.fixture(scope="module")
def applications(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any, Any]]:
    """A local cloud, and what deploys the earlier release and today's to it."""
    paths = in_repository(tmp_path_factory.mktemp("update"))
    before = tmp_path_factory.mktemp("release")
    with tarfile.open(RELEASE) as archive:
        archive.extractall(before, filter="data")
    (before / ".venv").symlink_to(paths.root / ".venv")
    with Site(paths, caller="deployer", images=HERE / "images.yaml", step_seconds=0.05) as site:
        earlier = site.application_of(dataclasses.replace(paths, root=before))
        today = site.application
        earlier.build()
        earlier.deploy()
        today.deploy_example()
        today.allow_airflow()
        yield site.cloud, earlier, today


def _indexed(deployed: Deployed, index: str) -> set[str]:
    items = deployed.client("dynamodb").scan(
        TableName=deployed.outputs["RunsTableName"], IndexName=index
    )["Items"]
    return {item["run_id"]["S"] for item in items}


def _rules(deployed: Deployed, state: str) -> None:
    events = deployed.client("events")
    for rule in events.list_rules()["Rules"]:
        if "StateChangeRule" in rule["Name"]:
            getattr(events, f"{state}_rule")(Name=rule["Name"])


def test_runs_of_the_release_before_end_under_todays(
    applications: tuple[LocalCloud, Application, Application], tmp_path: Path
) -> None:
    cloud, _, today = applications
    updated = tmp_path / "updated"
    deployed = Deployed(cloud)
    family = deployed.task_definition("jetbridge-example-printer", "test/printer:1")

    def start(seconds: str) -> str:
        task = ecs_task(family)
        environment = {"seconds": seconds, "until": str(updated)}
        variables = [{"name": name, "value": value} for name, value in environment.items()]
        override = {"name": "main", "environment": variables}
        return deployed.start(run_task=task | {"overrides": {"containerOverrides": [override]}})

    done = start(SHORT)
    deployed.outcome(done, timeout=240)
    goes_on, stopped = start(LONG), start(LONG)
    for run_id in (goes_on, stopped):
        deployed.wait_running(run_id)
    _rules(deployed, "disable")
    unheard = start(SHORT)
    deployed.wait(lambda: "backend_id" in deployed.row(unheard), 240, "launch")
    # The example's schedule may have started another.
    old = {goes_on, stopped, unheard}
    assert _indexed(deployed, "active") >= old

    today.build()
    today.deploy()
    _rules(deployed, "enable")

    # What happens to old rows under today's code: a stop, and a look of the sweeper.
    deployed.invoke("stop-run", {"run_ids": [stopped], "reason": "no longer wanted", "by": "test"})
    assert deployed.outcome(stopped, timeout=240)["state"] == "stopped"
    for run_id in (unheard, goes_on):
        deployed.make_due(run_id)
    deployed.invoke("sweep-runs", {})
    assert deployed.outcome(unheard, timeout=240)["state"] == "succeeded"
    assert not _indexed(deployed, "active") & old
    # A new run, and the old one that was looked at and goes on.
    new = start(SHORT)
    assert deployed.outcome(new, timeout=240)["state"] == "succeeded"
    assert deployed.sealed(goes_on) is None
    assert goes_on in _indexed(deployed, "unfinished")
    updated.touch()
    assert deployed.outcome(goes_on, timeout=240)["state"] == "succeeded"
    mine = {*old, new, done}
    deployed.wait(
        lambda: not _indexed(deployed, "unfinished") & mine, 30, "an index without these runs"
    )


def test_an_update_changes_one_index_at_most(
    applications: tuple[LocalCloud, Application, Application],
) -> None:
    """As on AWS: who replaces one index by another in one update is refused."""
    cloud, _, _ = applications
    formation = Deployed(cloud).client("cloudformation")

    def template(*indexes: str) -> str:
        keys = ["id", *indexes]
        properties: dict[str, Any] = {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": k, "AttributeType": "S"} for k in keys],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": name,
                    "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for name in indexes
            ],
        }
        table = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
        return json.dumps({"Resources": {"Table": table}})

    def update(*indexes: str) -> str:
        formation.update_stack(StackName="indexes", TemplateBody=template(*indexes))
        found = Deployed(cloud).wait(
            lambda: next(
                (
                    stack["StackStatus"]
                    for stack in formation.describe_stacks(StackName="indexes")["Stacks"]
                    if not stack["StackStatus"].endswith("_IN_PROGRESS")
                ),
                None,
            ),
            30,
            "update",
        )
        return str(found)

    formation.create_stack(StackName="indexes", TemplateBody=template("a", "b"))
    formation.get_waiter("stack_create_complete").wait(
        StackName="indexes", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    assert update("a", "c") == "UPDATE_ROLLBACK_COMPLETE"
    assert update("a", "b", "c") == "UPDATE_COMPLETE"
    assert update("a", "c") == "UPDATE_COMPLETE"
