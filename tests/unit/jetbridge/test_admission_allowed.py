"""The allow-lists: names become ARNs of this account, wildcards are IAM's, empty is closed."""

import pytest
from jetbridge_testing.admission import PLACE, admission, refusal
from jetbridge_testing.samples import request
from msgspec.structs import replace

from jetbridge.admission.allowed import Allowed, Place
from jetbridge.admission.patterns import matches

ARN = "arn:aws:ecs:eu-central-1:123456789012:"


@pytest.mark.parametrize(
    ("pattern", "arn"),
    [
        (f"{ARN}cluster/reports", f"{ARN}cluster/reports"),
        (f"{ARN}cluster/*", f"{ARN}cluster/reports"),
        (f"{ARN}cluster/report?", f"{ARN}cluster/reports"),
        ("arn:aws:ecs:*:123456789012:cluster/reports", f"{ARN}cluster/reports"),
        (f"{ARN}task-definition/rep*", f"{ARN}task-definition/report:7"),
        (f"{ARN}task-definition/report:*", f"{ARN}task-definition/report:7"),
        ("*", f"{ARN}cluster/reports"),
    ],
)
def test_matching(pattern: str, arn: str) -> None:
    assert matches(pattern, arn)


@pytest.mark.parametrize(
    ("pattern", "arn"),
    [
        (f"{ARN}cluster/report", f"{ARN}cluster/reports"),
        (f"{ARN}cluster/reports", f"{ARN}cluster/report"),
        (f"{ARN}cluster/Reports", f"{ARN}cluster/reports"),
        (f"{ARN}cluster/report.", f"{ARN}cluster/reports"),
        (f"{ARN}cluster/[a-z]*", f"{ARN}cluster/reports"),
        # A wildcard doesn't cross into the next part.
        ("arn:aws:ecs:*:cluster/reports", f"{ARN}cluster/reports"),
        ("arn:aws:ecs:eu-central-1:*", f"{ARN}cluster/reports"),
        ("arn:*", f"{ARN}cluster/reports"),
        (f"{ARN}task-definition/report:?", f"{ARN}task-definition/report:17"),
        ("", f"{ARN}cluster/reports"),
    ],
)
def test_not_matching(pattern: str, arn: str) -> None:
    assert not matches(pattern, arn)


@pytest.mark.parametrize(
    ("listed", "asked", "allowed"),
    [
        ("task-definition/report:*", "report", True),
        ("task-definition/report:*", "report:3", True),
        ("task-definition/report:3", "report:3", True),
        ("task-definition/report:3", "report:4", False),
        # Whether 3 is the newest one only AWS knows.
        ("task-definition/report:3", "report", True),
        ("task-definition/report-*", "report-daily", True),
        ("task-definition/report-*", "report-daily:9", True),
        ("task-definition/report-*", "report", False),
        ("task-definition/report:*", "reports", False),
        # IAM would match it against no revision, so launch_run couldn't launch it.
        ("task-definition/report", "report", False),
        ("task-definition/report:*", f"{ARN}task-definition/report:3", True),
        ("task-definition/report:*", f"{ARN}task-definition/report", True),
        ("task-definition/report:*", ARN.replace("12:", "99:") + "task-definition/report", False),
    ],
)
def test_task_definitions(listed: str, asked: str, allowed: bool) -> None:
    stack = Allowed(PLACE, task_definitions=[ARN + listed])
    if allowed:
        stack.check_task_definition("f", asked)
    else:
        error = refusal(stack.check_task_definition, "f", asked)
        assert error.field == "f"
        assert "TaskDefinitionArns" in error.fix


@pytest.mark.parametrize(
    ("asked", "fix"),
    [
        (f"{ARN}service/reports", "cluster/<name>"),
        ("arn:aws:batch:eu-central-1:123456789012:cluster/reports", "cluster/<name>"),
        ("arn:nonsense", "cluster/<name>"),
        ("", "cluster/<name>"),
        ("c" * 256, "cluster/<name>"),
        ("reports\n", "cluster/<name>"),
        ("*", "cluster/<name>"),
    ],
)
def test_malformed_references(asked: str, fix: str) -> None:
    stack = Allowed(PLACE, clusters=["*"])
    assert fix in refusal(stack.check_cluster, "f", asked).fix


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("airflow_ecs", "ClusterArns"),
        ("airflow_batch", "JobQueueArns"),
    ],
)
def test_empty_lists_are_closed(name: str, parameter: str) -> None:
    error = refusal(admission(allowed=Allowed(PLACE)).admit, request(name))
    assert parameter in error.fix


def test_names_are_of_the_functions_own_account() -> None:
    place = Place.of_function("arn:aws-cn:lambda:cn-north-1:210987654321:function:x-start-run:live")
    assert place.arn("ecs", "cluster/c") == "arn:aws-cn:ecs:cn-north-1:210987654321:cluster/c"
    stack = Allowed(place, clusters=["arn:aws-cn:ecs:cn-north-1:210987654321:cluster/c"])
    stack.check_cluster("f", "c")


def test_the_default_cluster_must_be_listed() -> None:
    asked = request("airflow_ecs")
    assert asked.run_task is not None
    task = {name: value for name, value in asked.run_task.items() if name != "cluster"}
    opened = Allowed(
        PLACE,
        clusters=[f"{ARN}cluster/default"],
        task_definitions=[f"{ARN}task-definition/report:*"],
    )
    assert admission(allowed=opened).admit(replace(asked, run_task=task)).warnings == []


@pytest.mark.parametrize(
    ("asked", "such_as"),
    [
        ("reprot", ", such as report"),
        ("report_daily", ", such as report-daily:3 or report"),
        ("report-daily:4", ", such as report-daily:3 or report"),
        ("nothing-like-it", ""),
    ],
)
def test_a_wrong_name_is_answered_with_those_that_are_near(asked: str, such_as: str) -> None:
    listed = ("report:*", "report-daily:3", "load:*")
    names = [f"{ARN}task-definition/{name}" for name in listed]
    allowed = Allowed(place=PLACE, task_definitions=names)
    error = refusal(allowed.check_task_definition, "run_task.taskDefinition", asked)
    assert str(error).endswith(f"or name one that is listed there{such_as}")


def test_a_wrong_queue_too() -> None:
    queues = [PLACE.arn("batch", "job-queue/loads"), PLACE.arn("batch", "job-queue/reports-*")]
    allowed = Allowed(place=PLACE, job_queues=queues)
    error = refusal(allowed.check_job_queue, "submit_job.jobQueue", "load")
    assert str(error).endswith("listed there, such as loads")
