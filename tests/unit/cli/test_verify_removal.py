"""What a verification made is removed, whatever is in it, and nothing else is."""

import json
import threading
from typing import Any

import pytest
from cli_stack import REGION, client
from interception import deny, intercept

from jetbridge_cli.aws import Aws
from jetbridge_cli.verify.names import TAG, Names
from jetbridge_cli.verify.patience import Patience
from jetbridge_cli.verify.removal import Removal, unremoved

NAMES = Names("jbv-moto")
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "jbv-moto-bucket"}}


def make(stack: str, resources: dict[str, Any], name: str | None = NAMES.name) -> None:
    client("cloudformation").create_stack(
        StackName=stack,
        TemplateBody=json.dumps({"Resources": resources}),
        Tags=[{"Key": TAG, "Value": name}] if name else [],
    )


@pytest.fixture
def verified(aws: None) -> Aws:
    """Two stacks of a verification, and one of somebody else's."""
    make(NAMES.quickstart, {"Bucket": BUCKET, "Group": group(f"/{NAMES.quickstart}/containers")})
    make(NAMES.jetbridge, {"Group": group(f"/aws/lambda/{NAMES.name}-start-run")})
    make("jbv-other", {"Group": group("/aws/lambda/jbv-other-start-run")}, "jbv-other")
    make("jbv-moto-too", {"Group": group("/theirs")}, None)
    for number in range(3):
        client("s3").put_object(Bucket="jbv-moto-bucket", Key=f"sam/{number}", Body=b"")
    return Aws(region=REGION)


def group(name: str) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}


def remove(aws: Aws, seconds: float = 10) -> list[str]:
    return Removal(aws, NAMES, Patience(seconds, threading.Event()), lambda _: None, 0.1)()


def stacks() -> set[str]:
    return {stack["StackName"] for stack in client("cloudformation").describe_stacks()["Stacks"]}


def test_what_has_its_tag_goes_and_everything_else_stays(verified: Aws) -> None:
    assert unremoved(verified) == ["jbv-moto", "jbv-other"]
    assert remove(verified) == []
    assert stacks() == {"jbv-other", "jbv-moto-too"}
    assert client("s3").list_buckets()["Buckets"] == []
    assert unremoved(verified) == ["jbv-other"]


def test_a_log_group_that_a_late_line_made_again_goes_too(verified: Aws) -> None:
    again = f"/aws/lambda/{NAMES.name}-second-stop-run"
    client("logs").create_log_group(logGroupName=again)
    assert remove(verified) == []
    groups = client("logs").describe_log_groups()["logGroups"]
    assert {each["logGroupName"] for each in groups} == {
        "/aws/lambda/jbv-other-start-run",
        "/theirs",
    }


def test_a_log_group_that_comes_back_each_time_doesnt_keep_the_command(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(operation: str, _: dict[str, Any]) -> dict[str, Any] | None:
        if operation == "DescribeLogGroups":
            return {"logGroups": [{"logGroupName": f"/aws/lambda/{NAMES.name}-start-run"}]}
        return {} if operation == "DeleteLogGroup" else None

    intercept(monkeypatch, answer)
    assert remove(Aws(region=REGION), seconds=1) == [
        "Late: the end of the log groups didn't come within 1 s"
    ]


def test_there_may_be_nothing(aws: None) -> None:
    assert remove(Aws(region=REGION)) == []


@pytest.mark.parametrize(
    "denied", ["DescribeLogGroups", "DeleteObjects", "DescribeStacks", "ListStackResources"]
)
def test_what_aws_denies_is_left_and_said(
    verified: Aws, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    deny(monkeypatch, denied)
    left = remove(verified)
    assert f"AWS denies {denied}" in left[0]


@pytest.mark.parametrize("code", ["ValidationError", "Throttling", "InternalFailure"])
def test_a_stack_whose_resources_aws_doesnt_list_may_have_some(
    verified: Aws, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """A ValidationError may be about anything; that there is no such stack, its text says."""
    deny(monkeypatch, "ListStackResources", code)
    assert f"ListStackResources: {code}" in remove(verified)[0]


def test_a_stack_that_cant_be_removed_keeps_no_other(
    verified: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudFormation gives up on the first stack three times."""
    asked = []

    def answer(operation: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        if operation == "DeleteStack" and f"/{NAMES.jetbridge}/" in arguments["StackName"]:
            asked.append(arguments)
            return {}
        if operation == "DescribeStacks" and f"/{NAMES.jetbridge}/" in str(arguments):
            return {"Stacks": [{"StackStatus": "DELETE_FAILED"}]}
        return None

    intercept(monkeypatch, answer)
    [left] = remove(verified)
    assert "DELETE_FAILED, with AWS::Logs::LogGroup" in left
    assert len(asked) == 3
    assert stacks() == {NAMES.jetbridge, "jbv-other", "jbv-moto-too"}
