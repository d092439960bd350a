"""ECS on container instances: RunTask's default launch type, EC2."""

import json
from typing import Any

import pytest

from jetbridge_local.engine import AwsError
from jetbridge_local.limits import Limits

CPU, MEMORY = 1024, 2048


def register(cloud: Any, cpu: int = CPU, memory: int = MEMORY, **parameters: Any) -> str:
    """What an agent does when its instance has booted; the instance's ARN."""
    resources = [
        {"name": "CPU", "type": "INTEGER", "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": memory},
        {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"]},
    ]
    answer = cloud.ecs("RegisterContainerInstance", totalResources=resources, **parameters)
    return str(answer["containerInstance"]["containerInstanceArn"])


def define(cloud: Any, script: str = "echo hello", mode: str = "bridge", **members: Any) -> str:
    container = cloud.container(script) | {"cpu": 256, "memory": 512} | members
    definition = cloud.ecs(
        "RegisterTaskDefinition", family="job", networkMode=mode, containerDefinitions=[container]
    )
    return str(definition["taskDefinition"]["taskDefinitionArn"])


def run(cloud: Any, definition: str, **parameters: Any) -> dict[str, Any]:
    answer: dict[str, Any] = cloud.ecs("RunTask", taskDefinition=definition, **parameters)
    return answer


def instance(cloud: Any, arn: str) -> dict[str, Any]:
    described = cloud.ecs("DescribeContainerInstances", containerInstances=[arn])
    return dict(described["containerInstances"][0])


def left(cloud: Any, arn: str) -> dict[str, int]:
    resources = instance(cloud, arn)["remainingResources"]
    return {each["name"]: each["integerValue"] for each in resources if "integerValue" in each}


def refused(call: Any, *arguments: Any, **parameters: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        call(*arguments, **parameters)
    return caught.value


def test_run_task_takes_ec2_by_default(cloud: Any) -> None:
    arn = register(cloud)
    [task] = run(cloud, define(cloud))["tasks"]
    assert (task["launchType"], task["containerInstanceArn"]) == ("EC2", arn)
    assert (task["cpu"], task["memory"]) == ("256", "512")
    assert not {"platformVersion", "platformFamily", "ephemeralStorage"} & task.keys()
    ended = cloud.wait_for_task(task["taskArn"])
    assert ended["containers"][0]["exitCode"] == 0
    assert cloud.task_log(task["taskArn"]) == ["hello"]
    cloud.wait(lambda: cloud.details(task["taskArn"])[-1]["lastStatus"] == "STOPPED")
    assert {d["containerInstanceArn"] for d in cloud.details(task["taskArn"])} == {arn}


@pytest.mark.parametrize(
    ("mode", "only_with_an_interface"),
    [("awsvpc", {"PROVISIONING", "DEPROVISIONING"}), ("bridge", set()), ("host", set())],
)
def test_only_a_network_interface_has_to_be_provisioned(
    cloud: Any, mode: str, only_with_an_interface: set[str]
) -> None:
    register(cloud)
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    given = {"networkConfiguration": network} if mode == "awsvpc" else {}
    [task] = run(cloud, define(cloud, mode=mode), **given)["tasks"]
    ended = cloud.wait_for_task(task["taskArn"])
    cloud.wait(lambda: cloud.details(task["taskArn"])[-1]["lastStatus"] == "STOPPED")
    passed = {detail["lastStatus"] for detail in cloud.details(task["taskArn"])}
    assert passed & {"PROVISIONING", "DEPROVISIONING"} == only_with_an_interface
    assert {"PENDING", "RUNNING", "STOPPED"} <= passed
    assert bool(ended["attachments"]) == (mode == "awsvpc")
    assert ended["executionStoppedAt"] <= ended["stoppedAt"]


def test_an_instance_takes_what_it_has_room_for(cloud: Any) -> None:
    arn = register(cloud, cpu=600)
    definition = define(cloud, "sleep 30")
    answer = run(cloud, definition, count=3)
    assert len(answer["tasks"]) == 2
    assert answer["failures"] == [{"arn": arn, "reason": "RESOURCE:CPU"}]
    assert left(cloud, arn) == {"CPU": 600 - 2 * 256, "MEMORY": MEMORY - 2 * 512}
    for task in answer["tasks"]:
        cloud.ecs("StopTask", task=task["taskArn"])
        cloud.wait_for_task(task["taskArn"])
    assert left(cloud, arn) == {"CPU": 600, "MEMORY": MEMORY}
    too_large = define(cloud, cpu=1, memory=MEMORY + 1)
    assert run(cloud, too_large)["failures"] == [{"arn": arn, "reason": "RESOURCE:MEMORY"}]


def test_tasks_go_where_most_memory_is_free(cloud: Any) -> None:
    arns = {register(cloud), register(cloud)}
    tasks = run(cloud, define(cloud, "sleep 30"), count=2)["tasks"]
    assert {task["containerInstanceArn"] for task in tasks} == arns


def test_a_reservation_is_what_counts_of_a_container_s_memory(cloud: Any) -> None:
    register(cloud)
    [task] = run(cloud, define(cloud, memoryReservation=128))["tasks"]
    assert task["memory"] == "128"


def test_instances_are_listed_counted_and_taken_away(cloud: Any) -> None:
    document = json.dumps({"instanceId": "i-0123", "region": "eu-west-1"})
    arn = register(cloud, instanceIdentityDocument=document, tags=[{"key": "k", "value": "v"}])
    other = register(cloud)
    assert set(cloud.ecs("ListContainerInstances")["containerInstanceArns"]) == {arn, other}
    [cluster] = cloud.ecs("DescribeClusters")["clusters"]
    assert cluster["registeredContainerInstancesCount"] == 2
    found = instance(cloud, arn.rsplit("/", 1)[-1])
    assert (found["containerInstanceArn"], found["ec2InstanceId"]) == (arn, "i-0123")
    assert (found["status"], found["agentConnected"], found["tags"]) == ("ACTIVE", True, [])
    missing = cloud.ecs("DescribeContainerInstances", containerInstances=["none"])
    assert missing["failures"][0]["reason"] == "MISSING"
    for each in (arn, other):
        gone = cloud.ecs("DeregisterContainerInstance", containerInstance=each)
        assert gone["containerInstance"]["status"] == "INACTIVE"
    assert cloud.ecs("ListContainerInstances")["containerInstanceArns"] == []
    error = refused(cloud.ecs, "DeregisterContainerInstance", containerInstance=arn)
    assert error.message == "The referenced container instance was not found."


def test_an_instance_with_tasks_is_taken_away_by_force_alone(cloud: Any) -> None:
    arn = register(cloud)
    [task] = run(cloud, define(cloud, "sleep 30"))["tasks"]
    cloud.wait_for_task(task["taskArn"], "RUNNING")
    running = instance(cloud, arn)
    assert (running["runningTasksCount"], running["pendingTasksCount"]) == (1, 0)
    listed = cloud.ecs("ListTasks", containerInstance=arn, launchType="EC2")["taskArns"]
    assert listed == [task["taskArn"]]
    error = refused(cloud.ecs, "DeregisterContainerInstance", containerInstance=arn)
    assert error.code == "InvalidParameterException"
    cloud.ecs("DeregisterContainerInstance", containerInstance=arn, force=True)
    assert cloud.task(task["taskArn"])["lastStatus"] == "RUNNING"


def test_a_cluster_with_instances_stays(cloud: Any) -> None:
    register(cloud)
    assert refused(cloud.ecs, "DeleteCluster", cluster="default").code == (
        "ClusterContainsContainerInstancesException"
    )


def test_another_cluster_s_instances_don_t_count(cloud: Any) -> None:
    cloud.ecs("CreateCluster", clusterName="mine")
    register(cloud, cluster="mine")
    error = refused(run, cloud, define(cloud))
    assert error.message == "No Container Instances were found in your cluster."
    assert cloud.ecs("ListContainerInstances")["containerInstanceArns"] == []


def test_tasks_on_instances_take_no_capacity_of_fargate(make_cloud: Any) -> None:
    cloud = make_cloud(limits=Limits(fargate_capacity_tasks=1))
    register(cloud)
    assert len(run(cloud, define(cloud, "sleep 30"), count=2)["tasks"]) == 2
    fargate = cloud.define_task("other", script="sleep 30")
    assert len(cloud.run_task(fargate)["tasks"]) == 1
