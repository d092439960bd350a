"""One local cloud with both stacks deployed to it by `sam deploy`, for all tests of this folder."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_api import ASSET
from deployed import AIRFLOW_GROUP, AIRFLOWS, EXAMPLE, LIVE_GROUP, Deployed, encrypt_bucket
from otlp import Collector

from jetbridge_local.limits import Limits
from jetbridge_local.site.paths import in_repository
from jetbridge_local.site.site import Site

IMAGES = Path(__file__).parent / "images.yaml"
# Less than AWS's, so that a flood needs no thousand starts; and less than what a busy machine
# launches, so that a flood meets the limit there, too.
LIMITS = Limits(run_task_per_second=3, run_task_burst=3)

# What the collector of traces wants to be sent with each request.
COLLECTOR_HEADERS = {"Api-Key": "of-the-collector"}

# Runs last: it looks at the requests of all other tests.
LAST = "test_permissions"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem == LAST)


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Takes the spans of all runs of the stack."""
    with Collector(COLLECTOR_HEADERS) as started:
        yield started


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Deployed]:
    paths = in_repository(tmp_path_factory.mktemp("local"))
    with Site(
        paths,
        caller="deployer",
        images=IMAGES,
        step_seconds=0.05,
        insights_seconds=0.3,
        limits=LIMITS,
    ) as site:
        cloud = site.cloud
        # Everything that may have a customer's key has one, so that each right to it is needed.
        key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
        secrets = cloud.client("secretsmanager")
        arn = secrets.create_secret(Name=AIRFLOWS, SecretString="{}", KmsKeyId=key)["ARN"]
        wanted = json.dumps(COLLECTOR_HEADERS)
        headers = secrets.create_secret(Name="collector", SecretString=wanted, KmsKeyId=key)["ARN"]
        ec2 = cloud.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        firewall = ec2.create_security_group(VpcId=vpc, GroupName="notify", Description="notify")
        # On AWS, too, a group must be there before it is subscribed to, and Airflow's own is.
        for group in (LIVE_GROUP, AIRFLOW_GROUP):
            cloud.client("logs").create_log_group(logGroupName=group, kmsKeyId=key)
        site.deploy(
            KmsKeyArns=key,
            LiveLogGroupNames=LIVE_GROUP,
            AirflowLogGroup=AIRFLOW_GROUP,
            AirflowSecretArn=arn,
            WatchedClusterArns=f"arn:aws:ecs:us-east-1:000000000000:cluster/{EXAMPLE}",
            WatchedJobQueueArns=f"arn:aws:batch:us-east-1:000000000000:job-queue/{EXAMPLE}",
            SizeAdvice="on",
            TracesEndpoint=collector.url,
            TracesSecretArn=headers,
            AssetEvents=f"jetbridge-example-asset={ASSET}",
            VpcSubnetIds=subnet,
            VpcSecurityGroupIds=firewall["GroupId"],
        )
        encrypt_bucket(cloud, key)
        yield Deployed(cloud)


@pytest.fixture
def without_events(deployed: Deployed) -> Iterator[None]:
    """While this lasts, no rule delivers any state change.

    Afterwards every run that is still open is looked up, as the sweeper would in time: the
    example's scheduled ones may have ended meanwhile.
    """
    events = deployed.client("events")
    rules = [
        rule["Name"] for rule in events.list_rules()["Rules"] if "StateChangeRule" in rule["Name"]
    ]
    assert len(rules) == 2
    for rule in rules:
        events.disable_rule(Name=rule)
    yield
    for rule in rules:
        events.enable_rule(Name=rule)
    for run_id in deployed.requested_with(""):
        if deployed.sealed(run_id) is None:
            deployed.make_due(run_id)
    deployed.invoke("sweep-runs", {})
