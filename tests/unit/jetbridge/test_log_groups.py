"""The log groups of definitions, by the shapes of DescribeTaskDefinition and
DescribeJobDefinitions."""

from typing import Any

import pytest

from jetbridge.logs.groups import LogGroup, groups_of_job, groups_of_task

BATCH = LogGroup("/aws/batch/job")


def container(
    group: str = "", driver: str = "awslogs", region: str = "", name: str = "main"
) -> dict[str, Any]:
    options = {"awslogs-group": group, "awslogs-region": region}
    given = {key: value for key, value in options.items() if value}
    return {"name": name, "logConfiguration": {"logDriver": driver, "options": given}}


def test_those_of_a_task_definition() -> None:
    containers = [
        container("/ecs/a"),
        container("/ecs/b", region="us-east-1", name="b"),
        container("/ecs/c", "awsfirelens", name="c"),
        {"name": "silent"},
    ]
    groups = groups_of_task({"containerDefinitions": containers})
    assert groups == {LogGroup("/ecs/a"), LogGroup("/ecs/b", "us-east-1")}


SEVERAL = [{"containers": [container("/batch/a"), {"name": "plain"}]}]


@pytest.mark.parametrize(
    ("definition", "groups"),
    [
        ({"containerProperties": {"image": "i"}}, {BATCH}),
        ({"containerProperties": container("/batch/a")}, {LogGroup("/batch/a")}),
        ({"containerProperties": container("x", "splunk")}, set()),
        ({"ecsProperties": {"taskProperties": SEVERAL}}, {BATCH, LogGroup("/batch/a")}),
        (
            {
                "nodeProperties": {
                    "numNodes": 3,
                    "nodeRangeProperties": [
                        {"targetNodes": "0", "container": container("/batch/main")},
                        {"targetNodes": "1:", "container": container("/batch/others")},
                    ],
                }
            },
            {LogGroup("/batch/main"), LogGroup("/batch/others")},
        ),
        ({"eksProperties": {"podProperties": {"containers": [{"name": "a"}]}}}, set()),
    ],
    ids=["plain", "named", "other driver", "several containers", "nodes", "pod"],
)
def test_those_of_a_job_definition(definition: dict[str, Any], groups: set[LogGroup]) -> None:
    assert groups_of_job(definition) == groups


def test_what_the_parameter_takes() -> None:
    arn = "arn:aws-cn:logs:cn-north-1:123456789012:log-group:/a:*"
    assert LogGroup("/a").arn("aws-cn", "cn-north-1", "123456789012") == arn
    assert ":us-east-1:" in LogGroup("/a", "us-east-1").arn("aws", "eu-west-1", "1")
