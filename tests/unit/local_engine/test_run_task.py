"""RunTask: what it answers, what it refuses, and its client tokens."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jetbridge_local.engine import AwsError
from jetbridge_local.limits import Limits


def refused(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        call(*arguments, **parameters)
    return caught.value


# RunTask


def test_run_task_answers_with_a_task_in_provisioning(cloud: Any) -> None:
    definition = cloud.define_task(script="exit 0")
    answer = cloud.run_task(definition, startedBy="jb-1/run_2", tags=[{"key": "k", "value": "v"}])
    [task] = answer["tasks"]
    assert answer["failures"] == []
    assert (task["lastStatus"], task["desiredStatus"], task["version"]) == (
        "PROVISIONING",
        "RUNNING",
        1,
    )
    assert task["startedBy"] == "jb-1/run_2"
    assert task["taskDefinitionArn"] == definition
    assert task["group"] == "family:job"
    assert (task["cpu"], task["memory"], task["launchType"]) == ("256", "512", "FARGATE")
    assert task["overrides"]["containerOverrides"] == [{"name": "main"}]
    assert task["tags"] == [{"key": "k", "value": "v"}]
    assert [c["lastStatus"] for c in task["containers"]] == ["PENDING"]


def test_count_makes_as_many_tasks(cloud: Any) -> None:
    cloud.define_task(script="exit 0")
    tasks = cloud.run_task(count=3)["tasks"]
    assert len({task["taskArn"] for task in tasks}) == 3


@pytest.mark.parametrize(
    ("parameters", "code", "said"),
    [
        ({"cluster": "none"}, "ClusterNotFoundException", "Cluster not found."),
        ({"definition": "none"}, "ClientException", "TaskDefinition not found."),
        ({"definition": "job:7"}, "ClientException", "TaskDefinition not found."),
        ({"count": 11}, "InvalidParameterException", "count"),
        ({"count": 0}, "InvalidParameterException", "count"),
        ({"startedBy": "no spaces"}, "InvalidParameterException", "startedBy"),
        ({"startedBy": "x" * 129}, "InvalidParameterException", "startedBy"),
        ({"clientToken": "x" * 65}, "InvalidParameterException", "clientToken"),
        ({"clientToken": "white space"}, "InvalidParameterException", "clientToken"),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
            "Specifying both a launch type and capacity provider strategy is not supported.",
        ),
        ({"launchType": "EC2"}, "InvalidParameterException", "No Container Instances were found"),
        ({"launchType": "MOON"}, "InvalidParameterException", "valid values"),
        (
            {"networkConfiguration": {}},
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "other"}]}},
            "InvalidParameterException",
            "Override for container named other is not a container in the TaskDefinition.",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "main", "command": ["x" * 8192]}]}},
            "InvalidParameterException",
            "Container Overrides length must be at most 8192",
        ),
        ({"tags": [{"key": str(n)} for n in range(51)]}, "InvalidParameterException", "tags"),
    ],
)
def test_run_task_refuses(cloud: Any, parameters: dict[str, Any], code: str, said: str) -> None:
    cloud.define_task(script="exit 0")
    error = refused(cloud.run_task, **parameters)
    assert (error.code, error.status) == (code, 400)
    assert said in error.message
    assert cloud.ecs("ListTasks")["taskArns"] == []


def test_overrides_of_8192_characters_are_accepted(cloud: Any) -> None:
    cloud.define_task(script="exit 0")
    override = {"containerOverrides": [{"name": "main", "command": [""]}]}
    room = 8192 - len(json.dumps(override, separators=(",", ":")))
    override["containerOverrides"][0]["command"] = ["x" * room]
    assert len(cloud.run_task(overrides=override)["tasks"]) == 1


def test_an_inactive_definition_can_t_be_run(cloud: Any) -> None:
    arn = cloud.define_task(script="exit 0")
    cloud.ecs("DeregisterTaskDefinition", taskDefinition=arn)
    error = refused(cloud.run_task, arn)
    assert (error.code, error.message) == (
        "InvalidParameterException",
        "TaskDefinition is inactive",
    )


def test_a_definition_that_fargate_can_t_run_is_refused(cloud: Any) -> None:
    cloud.ecs(
        "RegisterTaskDefinition",
        family="bridge",
        containerDefinitions=[{"name": "main", "image": "x", "memory": 128}],
    )
    error = refused(cloud.ecs, "RunTask", taskDefinition="bridge", launchType="FARGATE")
    assert error.message == "Task definition does not support launch_type FARGATE."


def test_a_capacity_provider_must_be_the_cluster_s(cloud: Any) -> None:
    cloud.define_task(script="exit 0")
    cloud.ecs("CreateCluster", clusterName="spot", capacityProviders=["FARGATE_SPOT"])
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    ask = {"taskDefinition": "job", "networkConfiguration": network, "cluster": "spot"}
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    [task] = cloud.ecs("RunTask", **ask, capacityProviderStrategy=strategy)["tasks"]
    assert task["capacityProviderName"] == "FARGATE_SPOT"
    strategy = [{"capacityProvider": "FARGATE"}]
    error = refused(cloud.ecs, "RunTask", **ask, capacityProviderStrategy=strategy)
    assert "not associated with the cluster" in error.message


def test_the_cluster_s_default_strategy_counts_if_nothing_is_asked_for(cloud: Any) -> None:
    cloud.define_task(script="exit 0")
    cloud.ecs(
        "CreateCluster",
        clusterName="c",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    )
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    answer = cloud.ecs("RunTask", taskDefinition="job", cluster="c", networkConfiguration=network)
    assert answer["tasks"][0]["capacityProviderName"] == "FARGATE_SPOT"


def test_without_capacity_run_task_answers_with_failures(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(limits=Limits(fargate_capacity_tasks=2))
    cloud.define_task(script="sleep 30")
    answer = cloud.run_task(count=3, clientToken="token")
    assert len(answer["tasks"]) == 2
    assert "Capacity is unavailable" in answer["failures"][0]["reason"]
    assert cloud.run_task(count=3, clientToken="token")["failures"] == answer["failures"]
    for task in answer["tasks"]:
        cloud.ecs("StopTask", task=task["taskArn"])
        cloud.wait_for_task(task["taskArn"])
    assert cloud.run_task()["failures"] == []


# client tokens


def test_the_same_token_is_one_task(cloud: Any) -> None:
    cloud.define_task(script="sleep 30")
    first = cloud.run_task(clientToken="token")
    assert cloud.run_task(clientToken="token") == first
    assert cloud.ecs("ListTasks")["taskArns"] == [first["tasks"][0]["taskArn"]]


def test_the_same_token_at_the_same_time_is_one_task(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(limits=Limits(run_task_burst=64))
    cloud.define_task(script="sleep 30")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: cloud.run_task(clientToken="token"), range(64)))
    assert len({answer["tasks"][0]["taskArn"] for answer in answers}) == 1
    assert len(cloud.ecs("ListTasks")["taskArns"]) == 1


def test_the_same_token_with_other_parameters_is_a_conflict(cloud: Any) -> None:
    cloud.define_task(script="sleep 30")
    arn = cloud.run_task(clientToken="token", startedBy="a")["tasks"][0]["taskArn"]
    error = refused(cloud.run_task, clientToken="token", startedBy="b")
    assert error.code == "ConflictException"
    assert error.members == {"resourceIds": [arn]}


def test_a_token_is_its_cluster_s_own(cloud: Any) -> None:
    cloud.ecs("CreateCluster", clusterName="other")
    cloud.define_task(script="exit 0")
    first = cloud.run_task(clientToken="token")["tasks"][0]["taskArn"]
    second = cloud.run_task(clientToken="token", cluster="other")["tasks"][0]["taskArn"]
    assert first != second


def test_a_stopped_task_comes_back_as_arn_and_states_only(cloud: Any) -> None:
    cloud.define_task(script="exit 0")
    arn = cloud.run_task(clientToken="token")["tasks"][0]["taskArn"]
    cloud.wait_for_task(arn)
    assert cloud.run_task(clientToken="token")["tasks"] == [
        {"taskArn": arn, "lastStatus": "STOPPED", "desiredStatus": "STOPPED"}
    ]


def test_a_token_is_forgotten_with_its_stopped_task(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(stopped_task_retention_seconds=0.2)
    cloud.define_task(script="exit 0")
    first = cloud.run_task(clientToken="token")["tasks"][0]["taskArn"]
    cloud.wait(lambda: cloud.ecs("DescribeTasks", tasks=[first])["failures"])
    assert cloud.run_task(clientToken="token")["tasks"][0]["taskArn"] != first


def test_a_refused_request_uses_no_token_up(cloud: Any) -> None:
    cloud.define_task(script="exit 0")
    refused(cloud.run_task, clientToken="token", count=11)
    assert len(cloud.run_task(clientToken="token")["tasks"]) == 1
