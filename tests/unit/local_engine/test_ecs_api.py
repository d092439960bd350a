"""ECS's operations: what they answer and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from jetbridge_local.engine import AwsError


def refused(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        call(*arguments, **parameters)
    return caught.value


# DescribeTasks, ListTasks, StopTask


def test_describe_tasks_tells_of_what_it_doesn_t_know(cloud: Any) -> None:
    unknown = "0" * 32
    answer = cloud.ecs("DescribeTasks", tasks=[unknown])
    arn = f"arn:aws:ecs:eu-west-1:123456789012:task/default/{unknown}"
    assert answer == {"tasks": [], "failures": [{"arn": arn, "reason": "MISSING"}]}


def test_a_task_is_missing_in_another_cluster(cloud: Any) -> None:
    cloud.ecs("CreateCluster", clusterName="other")
    arn = cloud.start("exit 0")
    answer = cloud.ecs("DescribeTasks", tasks=[arn], cluster="other")
    assert answer["tasks"] == []
    assert answer["failures"][0]["reason"] == "MISSING"


def test_a_stopped_task_is_forgotten_after_a_while(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(stopped_task_retention_seconds=1.0)
    arn = cloud.start("exit 0")
    assert cloud.wait_for_task(arn)["lastStatus"] == "STOPPED"
    cloud.wait(lambda: cloud.ecs("DescribeTasks", tasks=[arn])["failures"])
    assert cloud.ecs("ListTasks", desiredStatus="STOPPED")["taskArns"] == []


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"tasks": []}, "Tasks cannot be empty."),
        ({"tasks": ["short"]}, "taskId length should be one of [32,36]"),
        ({"tasks": ["0" * 32] * 101}, "100"),
    ],
)
def test_describe_tasks_refuses(cloud: Any, parameters: dict[str, Any], said: str) -> None:
    error = refused(cloud.ecs, "DescribeTasks", **parameters)
    assert error.code == "InvalidParameterException"
    assert said in error.message


def test_describe_tasks_gives_tags_only_if_asked(cloud: Any) -> None:
    cloud.define_task(script="exit 0")
    tags = [{"key": "k", "value": "v"}]
    arn = cloud.run_task(tags=tags)["tasks"][0]["taskArn"]
    assert cloud.task(arn)["tags"] == []
    assert cloud.ecs("DescribeTasks", tasks=[arn], include=["TAGS"])["tasks"][0]["tags"] == tags


def test_list_tasks_filters(cloud: Any) -> None:
    one, two = (
        cloud.define_task("one", script="sleep 30"),
        cloud.define_task("two", script="exit 0"),
    )
    running = cloud.run_task(one, startedBy="me")["tasks"][0]["taskArn"]
    stopped = cloud.run_task(two, startedBy="me")["tasks"][0]["taskArn"]
    cloud.wait_for_task(stopped)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [running]),
        ({"desiredStatus": "STOPPED"}, [stopped]),
        ({"desiredStatus": "PENDING"}, []),
        ({"family": "one"}, [running]),
        ({"family": "two"}, []),
        ({"family": "two", "desiredStatus": "STOPPED"}, [stopped]),
        ({"startedBy": "me"}, [running]),
        ({"startedBy": "me", "desiredStatus": "STOPPED"}, [stopped]),
        ({"startedBy": "you"}, []),
        ({"launchType": "EC2"}, []),
    ]
    for parameters, expected in cases:
        assert cloud.ecs("ListTasks", **parameters)["taskArns"] == expected, parameters
    error = refused(cloud.ecs, "ListTasks", startedBy="me", family="one")
    assert error.code == "InvalidParameterException"


def test_list_tasks_pages_neither_repeat_nor_hide(cloud: Any) -> None:
    cloud.define_task(script="sleep 30")
    first = [t["taskArn"] for t in cloud.run_task(count=5)["tasks"]]
    page = cloud.ecs("ListTasks", maxResults=2)
    assert page["taskArns"] == first[:2]
    cloud.ecs("StopTask", task=first[0])
    later = cloud.run_task()["tasks"][0]["taskArn"]
    rest = []
    while token := page.get("nextToken"):
        page = cloud.ecs("ListTasks", maxResults=2, nextToken=token)
        rest += page["taskArns"]
    assert rest == [*first[2:], later]
    assert refused(cloud.ecs, "ListTasks", nextToken="nonsense").code == "InvalidParameterException"


def test_stopping_what_isn_t_there(cloud: Any) -> None:
    error = refused(cloud.ecs, "StopTask", task="0" * 32)
    assert (error.code, error.message) == (
        "InvalidParameterException",
        "The referenced task was not found.",
    )


# clusters, definitions, tags


def test_clusters(cloud: Any) -> None:
    arn = cloud.ecs("CreateCluster", clusterName="mine")["cluster"]["clusterArn"]
    assert cloud.ecs("CreateCluster", clusterName="mine")["cluster"]["clusterArn"] == arn
    answer = cloud.ecs("DescribeClusters", clusters=["mine", arn, "none"])
    assert [c["clusterName"] for c in answer["clusters"]] == ["mine", "mine"]
    assert answer["failures"][0]["reason"] == "MISSING"
    assert arn in cloud.ecs("ListClusters")["clusterArns"]
    assert cloud.ecs("DeleteCluster", cluster="mine")["cluster"]["status"] == "INACTIVE"
    assert refused(cloud.ecs, "DeleteCluster", cluster="mine").code == "ClusterNotFoundException"
    assert arn not in cloud.ecs("ListClusters")["clusterArns"]


def test_a_cluster_with_tasks_stays(cloud: Any) -> None:
    cloud.wait_for_task(cloud.start("sleep 30"), "RUNNING")
    assert cloud.ecs("DescribeClusters")["clusters"][0]["runningTasksCount"] == 1
    assert refused(cloud.ecs, "DeleteCluster", cluster="default").code == (
        "ClusterContainsTasksException"
    )


def test_definitions_have_revisions(cloud: Any) -> None:
    first, second = cloud.define_task(script="exit 1"), cloud.define_task(script="exit 2")
    assert (first[-2:], second[-2:]) == (":1", ":2")
    newest = cloud.ecs("DescribeTaskDefinition", taskDefinition="job")["taskDefinition"]
    assert newest["taskDefinitionArn"] == second
    assert newest["compatibilities"] == ["EC2", "FARGATE"]
    cloud.ecs("DeregisterTaskDefinition", taskDefinition="job:2")
    again = cloud.ecs("DescribeTaskDefinition", taskDefinition="job")["taskDefinition"]
    assert again["taskDefinitionArn"] == first
    inactive = cloud.ecs("DescribeTaskDefinition", taskDefinition=second)["taskDefinition"]
    assert inactive["status"] == "INACTIVE"
    assert cloud.ecs("ListTaskDefinitions")["taskDefinitionArns"] == [first]
    listed = cloud.ecs("ListTaskDefinitions", status="INACTIVE")["taskDefinitionArns"]
    assert listed == [second]
    assert cloud.ecs("ListTaskDefinitionFamilies", familyPrefix="jo")["families"] == ["job"]
    assert cloud.ecs("ListTaskDefinitionFamilies", status="INACTIVE")["families"] == []


def test_revisions_page_by_number_both_ways(cloud: Any) -> None:
    arns = [cloud.define_task(script="exit 0") for _ in range(11)]
    for sort, expected in (("ASC", arns), ("DESC", arns[::-1])):
        found: list[str] = []
        page: dict[str, Any] = {"nextToken": None}
        while "nextToken" in page:
            token = {"nextToken": page["nextToken"]} if page["nextToken"] else {}
            page = cloud.ecs("ListTaskDefinitions", sort=sort, maxResults=4, **token)
            found += page["taskDefinitionArns"]
        assert found == expected


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"networkMode": "bridge"}, "Fargate only supports network mode"),
        ({"cpu": None}, "'cpu' be defined at the task level"),
        ({"memory": "513"}, "No Fargate configuration exists for given values."),
        ({"executionRoleArn": None}, "execution role ARN to support log driver awslogs"),
        ({"containerDefinitions": []}, "Container list cannot be empty."),
        ({"containerDefinitions": [{"name": "a"}]}, "Container.image should not be null or empty."),
        ({"family": "not a family"}, "Family"),
        (
            {"containerDefinitions": [{"name": "a", "image": "i"}, {"name": "a", "image": "i"}]},
            "unique",
        ),
        (
            {"containerDefinitions": [{"name": "a", "image": "i", "essential": False}]},
            "essential",
        ),
        (
            {
                "containerDefinitions": [
                    {
                        "name": n,
                        "image": "i",
                        "dependsOn": [{"containerName": d, "condition": "START"}],
                    }
                    for n, d in (("a", "b"), ("b", "a"))
                ]
            },
            "cycle",
        ),
    ],
)
def test_register_refuses(cloud: Any, members: dict[str, Any], said: str) -> None:
    definition = {
        "family": "job",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [cloud.container()],
    } | members
    given = {name: value for name, value in definition.items() if value is not None}
    error = refused(cloud.ecs, "RegisterTaskDefinition", **given)
    assert error.code == "ClientException"
    assert said in error.message


def test_sizes_may_be_written_in_vcpu_and_gb(cloud: Any) -> None:
    answer = cloud.ecs(
        "RegisterTaskDefinition",
        family="sized",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="1 vCPU",
        memory="3 GB",
        containerDefinitions=[{"name": "a", "image": "i"}],
    )
    definition = answer["taskDefinition"]
    assert (definition["cpu"], definition["memory"]) == ("1024", "3072")


def test_tags_of_every_kind_of_resource(cloud: Any) -> None:
    definition = cloud.define_task(script="exit 0")
    task = cloud.run_task(definition)["tasks"][0]["taskArn"]
    cluster = cloud.ecs("DescribeClusters")["clusters"][0]["clusterArn"]
    for arn in (definition, task, cluster):
        cloud.ecs("TagResource", resourceArn=arn, tags=[{"key": "a", "value": "1"}])
        cloud.ecs("TagResource", resourceArn=arn, tags=[{"key": "a", "value": "2"}, {"key": "b"}])
        cloud.ecs("UntagResource", resourceArn=arn, tagKeys=["b"])
        tags = cloud.ecs("ListTagsForResource", resourceArn=arn)["tags"]
        assert tags == [{"key": "a", "value": "2"}]
    unknown = task[:-1] + "x"
    assert refused(cloud.ecs, "ListTagsForResource", resourceArn=unknown).code == (
        "ResourceNotFoundException"
    )


def test_what_it_doesn_t_have_it_says(cloud: Any) -> None:
    error = refused(
        cloud.engines["ecs"].handle, "CreateService", {"serviceName": "s", "taskDefinition": "t"}
    )
    assert error.status == 501
    assert "CreateService" in error.message


def test_operations_are_those_it_has(cloud: Any) -> None:
    for engine in cloud.engines.values():
        assert engine.operations == engine._answers.keys()


def test_after_close_nothing_starts(cloud: Any) -> None:
    cloud.define_task(script="exit 0")
    cloud.close()
    assert refused(cloud.run_task).status == 500
