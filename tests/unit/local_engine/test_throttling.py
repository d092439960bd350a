"""ECS and AWS Batch limit their calls a second, as AWS does."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetbridge_local.engine import AwsError, protocol
from jetbridge_local.engine.throttle import TokenBucket
from jetbridge_local.limits import LimitError, Limits

# Refills while a test runs are under a token.
SLOW = 0.001


def refused(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        call(*arguments, **parameters)
    return caught.value


def test_run_task_over_the_burst_is_throttled(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(limits=Limits(run_task_per_second=SLOW, run_task_burst=3))
    cloud.define_task(script="sleep 30")
    for _ in range(3):
        assert cloud.run_task()["failures"] == []
    error = refused(cloud.run_task)
    assert (error.code, error.message, error.status) == (
        "ThrottlingException",
        "Rate exceeded",
        400,
    )
    assert len(cloud.ecs("ListTasks")["taskArns"]) == 3


def test_a_token_s_repetition_is_a_call_as_well(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(limits=Limits(run_task_per_second=SLOW, run_task_burst=2))
    cloud.define_task(script="sleep 30")
    first = cloud.run_task(clientToken="token")
    assert cloud.run_task(clientToken="token") == first
    assert refused(cloud.run_task, clientToken="token").code == "ThrottlingException"


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            [],
            "Error retrieving subnet information for [subnet-1]: Rate exceeded "
            "(ErrorCode: Throttling)",
        ),
        (
            ["sg-1"],
            "Error retrieving security group information for [sg-1]: Request limit exceeded. "
            "(ErrorCode: RequestLimitExceeded)",
        ),
    ],
)
def test_throttling_may_come_in_disguise(
    make_cloud: Callable[..., Any], groups: list[str], said: str
) -> None:
    limits = Limits(run_task_per_second=SLOW, run_task_burst=1, disguised_throttling=True)
    cloud = make_cloud(limits=limits)
    cloud.define_task(script="sleep 30")
    cloud.run_task()
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": groups}}
    error = refused(cloud.run_task, networkConfiguration=network)
    assert (error.code, error.message) == ("InvalidParameterException", said)


def test_tasks_over_fargate_s_burst_are_throttled_and_none_is_made(
    make_cloud: Callable[..., Any],
) -> None:
    cloud = make_cloud(limits=Limits(fargate_per_second=SLOW, fargate_burst=4))
    cloud.define_task(script="sleep 30")
    cloud.run_task(count=3)
    assert refused(cloud.run_task, count=2, clientToken="token").code == "ThrottlingException"
    assert len(cloud.run_task(count=1, clientToken="token")["tasks"]) == 1
    assert len(cloud.ecs("ListTasks")["taskArns"]) == 4


def test_submit_job_over_the_burst_is_throttled(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(limits=Limits(submit_job_per_second=SLOW, submit_job_burst=2))
    cloud.define_job(script="exit 0")
    cloud.submit()
    cloud.submit()
    error = refused(cloud.submit)
    assert (error.code, error.status) == ("TooManyRequestsException", 429)
    status, headers, _ = protocol.serialize_error("batch", error)
    assert (status, headers["x-amzn-ErrorType"]) == (429, "TooManyRequestsException")


def test_other_operations_go_on(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(limits=Limits(run_task_per_second=SLOW, run_task_burst=1))
    cloud.define_task(script="sleep 30")
    [task] = cloud.run_task()["tasks"]
    assert refused(cloud.run_task).code == "ThrottlingException"
    for _ in range(50):
        assert cloud.ecs("DescribeTasks", tasks=[task["taskArn"]])["failures"] == []


def test_reads_of_a_cluster_share_one_bucket(make_cloud: Callable[..., Any]) -> None:
    limits = Limits(cluster_read_per_second=SLOW, cluster_read_burst=3)
    cloud = make_cloud(limits=limits)
    cloud.define_task(script="sleep 30")
    [task] = cloud.run_task()["tasks"]
    cloud.ecs("DescribeTasks", tasks=[task["taskArn"]])
    cloud.ecs("ListTasks")
    cloud.ecs("DescribeTasks", tasks=[task["taskArn"]])
    for operation, parameters in (
        ("DescribeTasks", {"tasks": [task["taskArn"]]}),
        ("ListTasks", {}),
    ):
        error = refused(cloud.ecs, operation, **parameters)
        assert (error.code, error.message) == ("ThrottlingException", "Rate exceeded")
    assert cloud.run_task()["failures"] == []


def test_a_cluster_is_read_as_often_as_aws_allows_by_default() -> None:
    assert (Limits().cluster_read_per_second, Limits().cluster_read_burst) == (20, 100)


@given(
    st.integers(1, 30),
    st.sampled_from([0.5, 1, 20, 50]),
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 5)), max_size=60),
)
def test_no_interval_gives_more_than_the_burst_and_the_rate(
    burst: int, per_second: float, takes: list[tuple[float, int]]
) -> None:
    now = 0.0
    bucket = TokenBucket(per_second, burst, lambda: now)
    taken: list[tuple[float, int]] = []
    for wait, tokens in takes:
        now += wait
        if bucket.take(tokens):
            taken.append((now, tokens))
        else:
            assert any(at > now - burst / per_second for at, _ in taken) or tokens > burst
    for n, (began, _) in enumerate(taken):
        total = 0
        for at, tokens in taken[n:]:
            total += tokens
            assert total <= burst + (at - began) * per_second + 1e-6


@pytest.mark.parametrize(
    "limit",
    [
        {"run_task_per_second": 0},
        {"submit_job_per_second": float("inf")},
        {"fargate_burst": 0},
        {"fargate_capacity_tasks": -1},
    ],
)
def test_an_impossible_limit_is_refused_by_name(limit: dict[str, Any]) -> None:
    with pytest.raises(LimitError, match=next(iter(limit))):
        Limits(**limit)
