"""The quickstart's templates: deployed, tagged, removed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed import Deployed

TEMPLATES = Path(__file__).parents[3] / "examples" / "quickstart"
WAITER = {"Delay": 1, "MaxAttempts": 60}
TAG = {"Key": "example", "Value": "quickstart"}

# A rate would start a run at once, which the tests' stack refuses: a dead letter for later tests.
NEVER = "cron(0 0 1 1 ? 2199)"


class Stacks:
    """Makes stacks of the quickstart's templates, and removes them."""

    def __init__(self, deployed: Deployed) -> None:
        self._formation = deployed.client("cloudformation")
        self.made: list[str] = []

    def make(self, name: str, template: str, **parameters: str) -> dict[str, str]:
        """The stack's outputs."""
        self._formation.create_stack(
            StackName=name,
            TemplateBody=(TEMPLATES / template).read_text(),
            Capabilities=["CAPABILITY_IAM"],
            Tags=[TAG],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        self.made.insert(0, name)
        self._formation.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig=WAITER
        )
        [stack] = self._formation.describe_stacks(StackName=name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def remove(self) -> None:
        for name in self.made:
            self._formation.delete_stack(StackName=name)
            self._formation.get_waiter("stack_delete_complete").wait(
                StackName=name, WaiterConfig=WAITER
            )


@pytest.fixture
def stacks(deployed: Deployed) -> Iterator[Stacks]:
    made = Stacks(deployed)
    yield made
    made.remove()


def tagged(deployed: Deployed) -> set[str]:
    """The ARNs, without region and account, that have the stacks' tag."""
    answer = deployed.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": TAG["Key"], "Values": [TAG["Value"]]}]
    )
    arns = [each["ResourceARN"].split(":", 5) for each in answer["ResourceTagMappingList"]]
    return {f"{arn[2]}:{arn[5]}" for arn in arns}


def network(deployed: Deployed) -> dict[str, str]:
    subnets: list[dict[str, Any]] = deployed.client("ec2").describe_subnets()["Subnets"]
    return {"VpcId": subnets[0]["VpcId"], "SubnetIds": subnets[0]["SubnetId"]}


def test_the_quickstart_is_made_tagged_and_removed(deployed: Deployed, stacks: Stacks) -> None:
    outputs = stacks.make("quickstart", "template.yaml", **network(deployed))
    shared = {
        "QuickstartStack": "quickstart",
        "SubnetIds": outputs["SubnetIds"],
        "SecurityGroupId": outputs["SecurityGroupId"],
    }
    stacks.make("quickstart-verify", "verify.yaml", **shared)
    starts = stacks.make("quickstart-starts", "starts.yaml", **shared, Schedule=NEVER)
    assert starts["ScheduleArn"].endswith("schedule/default/quickstart-starts")
    parameters = dict(each.split("=") for each in outputs["JetbridgeParameters"].split())
    assert parameters["ClusterArns"].endswith(":cluster/quickstart")
    assert parameters["ContainerLogGroupArns"].endswith(":log-group:/quickstart/containers:*")
    deployed.client("s3").head_bucket(Bucket=parameters["AirflowLogBucket"])
    found = tagged(deployed)
    assert f"s3:{outputs['BucketName']}" in found
    assert "sqs:quickstart-verify-events" in found
    environments = deployed.client("batch").describe_compute_environments()["computeEnvironments"]
    tags = [each["tags"] for each in environments if each["computeEnvironmentName"][:5] == "quick"]
    assert [each[TAG["Key"]] for each in tags] == [TAG["Value"]] * 2
    stacks.remove()
    stacks.made.clear()
    assert tagged(deployed) == set()
