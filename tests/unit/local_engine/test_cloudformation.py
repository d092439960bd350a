"""The CloudFormation types."""

from typing import Any

import pytest

from jetbridge_local.engine import AwsError
from jetbridge_local.engine.cloudformation import RESOURCE_TYPES, ResourceType, resource_types
from jetbridge_local.engine.properties import PropertyError


@pytest.fixture
def types(cloud: Any) -> dict[str, ResourceType]:
    return resource_types(cloud.engines["ecs"], cloud.engines["batch"])


def test_all_types_are_there(types: dict[str, ResourceType]) -> None:
    assert types.keys() == RESOURCE_TYPES


TASK_DEFINITION: dict[str, Any] = {
    "Family": "From-Template",
    "Cpu": 256,
    "Memory": "512",
    "NetworkMode": "awsvpc",
    "RequiresCompatibilities": ["FARGATE"],
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "ContainerDefinitions": [
        {
            "Name": "main",
            "Image": "i",
            "Essential": "true",
            "StopTimeout": "60",
            "Environment": [{"Name": "CamelCase", "Value": 3}],
            "LogConfiguration": {
                "LogDriver": "awslogs",
                "Options": {
                    "awslogs-group": "/jobs",
                    "awslogs-region": "eu-west-1",
                    "awslogs-stream-prefix": "Prefix",
                },
            },
            "DockerLabels": {"Some.Label": "x"},
        }
    ],
    "Volumes": [{"Name": "v", "EFSVolumeConfiguration": {"FilesystemId": "fs-1"}}],
    "Tags": [{"Key": "Team", "Value": "a"}],
}


def test_a_task_definition(cloud: Any, types: dict[str, ResourceType]) -> None:
    kind = types["AWS::ECS::TaskDefinition"]
    arn, attributes = kind.create("Job", TASK_DEFINITION, "stack")
    assert attributes == {"TaskDefinitionArn": arn}
    described = cloud.ecs("DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])
    definition = described["taskDefinition"]
    [container] = definition["containerDefinitions"]
    assert definition["family"] == "From-Template"
    assert (definition["cpu"], container["essential"], container["stopTimeout"]) == (
        "256",
        True,
        60,
    )
    assert container["environment"] == [{"name": "CamelCase", "value": "3"}]
    assert container["logConfiguration"]["options"]["awslogs-stream-prefix"] == "Prefix"
    assert container["dockerLabels"] == {"Some.Label": "x"}
    assert definition["volumes"][0]["efsVolumeConfiguration"]["fileSystemId"] == "fs-1"
    assert described["tags"] == [{"key": "Team", "value": "a"}]
    changed, _ = kind.update(
        arn, TASK_DEFINITION, TASK_DEFINITION | {"Memory": 1024}, "stack", "Job"
    )
    assert changed != arn
    assert cloud.ecs("ListTaskDefinitions")["taskDefinitionArns"] == [changed]
    kind.delete(changed, TASK_DEFINITION)
    kind.delete(changed, TASK_DEFINITION)
    assert cloud.ecs("ListTaskDefinitions")["taskDefinitionArns"] == []


def test_a_name_is_made_for_what_has_none(types: dict[str, ResourceType]) -> None:
    properties = {name: value for name, value in TASK_DEFINITION.items() if name != "Family"}
    kind = types["AWS::ECS::TaskDefinition"]
    arn, _ = kind.create("Job", properties, "stack")
    assert ":task-definition/stack-Job-" in arn
    changed, _ = kind.update(arn, properties, properties | {"Memory": 1024}, "stack", "Job")
    assert changed == arn[:-1] + "2"


@pytest.mark.parametrize(
    ("properties", "error", "said"),
    [
        ({"Famly": "x"}, PropertyError, "unknown property Famly"),
        ({"ContainerDefinitions": [{"Nam": "x"}]}, PropertyError, "ContainerDefinitions[0]"),
        ({"ContainerDefinitions": {"Name": "x"}}, PropertyError, "must be a list"),
        ({"Volumes": ["v"]}, PropertyError, "must be a mapping"),
        ({"ContainerDefinitions": [{"Memory": "much"}]}, PropertyError, "must be a number"),
        ({"ContainerDefinitions": [{"Essential": "maybe"}]}, PropertyError, "true or false"),
        ({"NetworkMode": "moon"}, AwsError, "valid values"),
    ],
)
def test_a_property_that_is_wrong_is_named(
    types: dict[str, ResourceType],
    properties: dict[str, Any],
    error: type[Exception],
    said: str,
) -> None:
    with pytest.raises(error) as caught:
        types["AWS::ECS::TaskDefinition"].create("Job", TASK_DEFINITION | properties, "stack")
    assert said in str(caught.value)


def test_a_cluster(cloud: Any, types: dict[str, ResourceType]) -> None:
    kind = types["AWS::ECS::Cluster"]
    properties: dict[str, Any] = {
        "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}],
        "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    name, attributes = kind.create("Cluster", properties, "stack")
    assert name.startswith("stack-Cluster-")
    assert attributes["Arn"].endswith(f":cluster/{name}")
    strategy = [{"CapacityProvider": "FARGATE_SPOT", "Weight": "1"}]
    new = properties | {"DefaultCapacityProviderStrategy": strategy}
    assert kind.update(name, properties, new, "stack", "Cluster")[0] == name
    [cluster] = cloud.ecs("DescribeClusters", clusters=[name], include=["TAGS"])["clusters"]
    assert cluster["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    assert cluster["defaultCapacityProviderStrategy"] == [
        {"capacityProvider": "FARGATE_SPOT", "weight": 1}
    ]
    assert cluster["tags"] == [{"key": "a", "value": "b"}]
    renamed, _ = kind.update(name, new, {"ClusterName": "other"}, "stack", "Cluster")
    assert renamed == "other"
    for gone in (name, "other"):
        kind.delete(gone, {})
        assert cloud.ecs("DescribeClusters", clusters=[gone])["clusters"][0]["status"] == "INACTIVE"


def test_batch_from_a_template_runs_a_job(cloud: Any, types: dict[str, ResourceType]) -> None:
    environment = types["AWS::Batch::ComputeEnvironment"]
    queue, definition = types["AWS::Batch::JobQueue"], types["AWS::Batch::JobDefinition"]
    resources = {
        "Type": "FARGATE",
        "MaxvCpus": "8",
        "Subnets": ["subnet-1"],
        "SecurityGroupIds": ["sg-1"],
    }
    of_environment = {
        "Type": "MANAGED",
        "State": "ENABLED",
        "ComputeResources": resources,
        "ReplaceComputeEnvironment": False,
        "Tags": {"KeptAsIs": "x"},
    }
    environment_arn, attributes = environment.create("Environment", of_environment, "stack")
    assert attributes == {"ComputeEnvironmentArn": environment_arn}
    order = [{"Order": 1, "ComputeEnvironment": environment_arn}]
    of_queue = {"Priority": 1, "ComputeEnvironmentOrder": order}
    queue_arn, attributes = queue.create("Queue", of_queue, "stack")
    assert attributes == {"JobQueueArn": queue_arn}
    of_definition = {
        "Type": "container",
        "JobDefinitionName": "from-template",
        "PlatformCapabilities": ["FARGATE"],
        "Parameters": {"SomeName": "x"},
        "RetryStrategy": {
            "Attempts": 2,
            "EvaluateOnExit": [{"OnExitCode": "1", "Action": "exit"}],
        },
        "Timeout": {"AttemptDurationSeconds": 60},
        "ContainerProperties": {
            "Image": cloud.container()["image"],
            "Command": ["echo", "Ref::SomeName"],
            "ExecutionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "NetworkConfiguration": {"AssignPublicIp": "ENABLED"},
            "FargatePlatformConfiguration": {"PlatformVersion": "LATEST"},
            "Environment": [{"Name": "MixedCase", "Value": "y"}],
            "ResourceRequirements": [
                {"Type": "VCPU", "Value": 0.25},
                {"Type": "MEMORY", "Value": 512},
            ],
        },
    }
    definition_arn, attributes = definition.create("Definition", of_definition, "stack")
    assert attributes == {"JobDefinitionArn": definition_arn}
    job = cloud.wait_for_job(cloud.submit(definition_arn, jobQueue=queue_arn))
    assert job["status"] == "SUCCEEDED"
    assert cloud.job_log(job) == ["x"]
    assert job["container"]["environment"] == [{"name": "MixedCase", "value": "y"}]
    assert job["timeout"] == {"attemptDurationSeconds": 60}

    changed = of_environment | {"ComputeResources": resources | {"MaxvCpus": 2}}
    updated = environment.update(environment_arn, of_environment, changed, "stack", "Environment")
    assert updated[0] == environment_arn
    [described] = cloud.batch("DescribeComputeEnvironments", computeEnvironments=[environment_arn])[
        "computeEnvironments"
    ]
    assert described["computeResources"]["maxvCpus"] == 2
    assert described["tags"] == {"KeptAsIs": "x"}
    new_queue = of_queue | {"Priority": 5, "State": "DISABLED"}
    assert queue.update(queue_arn, of_queue, new_queue, "stack", "Queue")[0] == queue_arn
    new_definition = of_definition | {"Timeout": {"AttemptDurationSeconds": 120}}
    second, _ = definition.update(
        definition_arn, of_definition, new_definition, "stack", "Definition"
    )
    assert second.endswith(":2")

    for kind, arn in ((definition, second), (queue, queue_arn), (environment, environment_arn)):
        kind.delete(arn, {})
        kind.delete(arn, {})
    assert len(cloud.batch("DescribeJobQueues")["jobQueues"]) == 1
    assert len(cloud.batch("DescribeComputeEnvironments")["computeEnvironments"]) == 1


def test_a_queue_that_changes_its_name_is_replaced(
    cloud: Any, types: dict[str, ResourceType]
) -> None:
    kind = types["AWS::Batch::JobQueue"]
    order = [{"Order": 1, "ComputeEnvironment": "environment"}]
    old = {"JobQueueName": "one", "Priority": 1, "ComputeEnvironmentOrder": order}
    arn, _ = kind.create("Queue", old, "stack")
    new_arn, _ = kind.update(arn, old, old | {"JobQueueName": "two"}, "stack", "Queue")
    names = {q["jobQueueName"] for q in cloud.batch("DescribeJobQueues")["jobQueues"]}
    assert names == {"queue", "two"}
    assert new_arn.endswith("/two")
