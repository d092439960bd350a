"""RunTask and SubmitJob parameters are those that the stock operators send."""

from datetime import timedelta
from typing import Any
from unittest.mock import MagicMock

import pytest
from airflow.providers.amazon.aws.operators.batch import BatchOperator as StockBatchOperator
from airflow.providers.amazon.aws.operators.ecs import (
    EcsRunTaskOperator as StockEcsRunTaskOperator,
)

from airflow_provider_jetbridge.exceptions import StartRefused
from airflow_provider_jetbridge.hooks.jetbridge import _known_to_all
from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from jetbridge.admission.shapes import check_shape
from jetbridge.contract import AirflowCaller, ContractError, FailurePolicy, StartRequest, decode

SEED: dict[str, Any] = {
    "task_id": "seed",
    "cluster": "prod",
    "task_definition": "report:7",
    "launch_type": "FARGATE",
    "overrides": {
        "containerOverrides": [
            {
                "name": "main",
                "environment": [
                    {"name": "dag_run_ts", "value": "{{ ts }}"},
                    {"name": "dag_run_date", "value": "{{ ds }}"},
                ],
            }
        ]
    },
    "network_configuration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    "awslogs_group": "/ecs/report",
    "awslogs_stream_prefix": "ecs/main",
    "container_name": "main",
    "number_logs_exception": 25,
    "retries": 2,
}

EVERYTHING = {
    **SEED,
    "capacity_provider_strategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    "volume_configurations": [{"name": "data", "managedEBSVolume": {"roleArn": "r"}}],
    "group": "family:report",
    "placement_constraints": [{"type": "distinctInstance"}],
    "placement_strategy": [{"type": "random"}],
    "platform_version": "1.4.0",
    "tags": {"team": "data"},
    "propagate_tags": "TASK_DEFINITION",
}

BATCH: dict[str, Any] = {
    "task_id": "batch",
    "job_name": "report",
    "job_definition": "report:7",
    "job_queue": "queue",
    "container_overrides": {"environment": [{"name": "A", "value": "1"}]},
    "array_properties": {"size": 3},
    "ecs_properties_override": {"taskProperties": []},
    "eks_properties_override": {"podProperties": {}},
    "node_overrides": {"numNodes": 2},
    "share_identifier": "team",
    "scheduling_priority_override": 5,
    "parameters": {"day": "2026-01-01"},
    "retry_strategy": {"attempts": 2},
    "tags": {"team": "data"},
    "submit_job_timeout": 600,
}


def stock_run_task(**keywords: Any) -> dict[str, Any]:
    operator = StockEcsRunTaskOperator(**keywords)
    operator.client = MagicMock()
    operator.client.run_task.return_value = {
        "failures": [],
        "tasks": [{"taskArn": "arn:aws:ecs:r:1:task/c/1"}],
    }
    operator._start_task()
    return {k: v for k, v in operator.client.run_task.call_args.kwargs.items() if k != "startedBy"}


@pytest.mark.parametrize("keywords", [SEED, EVERYTHING, {**SEED, "launch_type": ""}])
def test_run_task_is_what_the_stock_operator_sends(keywords: Any) -> None:
    assert EcsRunTaskOperator(**keywords).job() == {"run_task": stock_run_task(**keywords)}


@pytest.mark.parametrize(
    "keywords",
    [BATCH, {k: BATCH[k] for k in ("task_id", "job_name", "job_definition", "job_queue")}],
)
def test_submit_job_is_what_the_stock_operator_sends(keywords: Any) -> None:
    stock = StockBatchOperator(**keywords)
    hook = MagicMock()
    hook.client.submit_job.return_value = {"jobId": "1"}
    stock.__dict__["hook"] = hook
    stock.submit_job({"ti": MagicMock(), "task_instance": MagicMock()})
    sent = dict(hook.client.submit_job.call_args.kwargs)
    if not sent["tags"]:
        # The stock operator sends {}; the service model wants one entry at least, or no tags.
        del sent["tags"]
    assert BatchOperator(**keywords).job() == {"submit_job": sent}


@pytest.mark.parametrize("tags", [[{"key": "team", "value": "data"}], "{'team': 'data'}"])
def test_tags_that_are_no_dict_are_refused(ti: Any, tags: Any) -> None:
    """The amazon provider fails on them, too: it calls their ``items``."""
    with pytest.raises(StartRefused, match=r"^tags: is a (list|str); nothing was started\. Give"):
        EcsRunTaskOperator(**{**SEED, "tags": tags}).execute({"ti": ti})


@pytest.mark.parametrize("keyword", ["cluster", "task_definition"])
def test_a_template_that_finds_no_cluster_isnt_the_default_cluster(ti: Any, keyword: str) -> None:
    """botocore refuses None, and start_run refuses null."""
    operator = EcsRunTaskOperator(**{**SEED, keyword: None})
    assert operator.job() == {"run_task": stock_run_task(**{**SEED, keyword: None})}
    with pytest.raises(
        ContractError, match=r"run_task\.(cluster: is null|taskDefinition: is missing)"
    ):
        check_shape("run_task", operator.job()["run_task"])


def test_templates_reach_the_environment() -> None:
    operator = EcsRunTaskOperator(**SEED)
    operator.render_template_fields({"ts": "2026-01-01T00:00:00+00:00", "ds": "2026-01-01"})
    environment = operator.job()["run_task"]["overrides"]["containerOverrides"][0]["environment"]
    assert [entry["value"] for entry in environment] == ["2026-01-01T00:00:00+00:00", "2026-01-01"]


@pytest.mark.parametrize(
    ("keywords", "wanted"),
    [
        (SEED, True),
        ({**SEED, "awslogs_stream_prefix": None}, False),
        ({**SEED, "awslogs_group": None}, False),
        ({**SEED, "awslogs_stream_prefix": None, "last_line_as_result": True}, True),
        ({**SEED, "last_line_as_result": False}, False),
        ({**SEED, "do_xcom_push": False}, False),
    ],
)
def test_the_last_line_is_the_result_where_the_stock_operator_has_it_so(
    ti: Any, keywords: Any, wanted: bool
) -> None:
    assert EcsRunTaskOperator(**keywords)._start_request(ti).last_line_as_result is wanted


@pytest.mark.parametrize("required", [True, False])
def test_result_required(ti: Any, required: bool) -> None:
    """A stack of the last release knows nothing of it: it is sent where it says something."""
    operator = EcsRunTaskOperator(**SEED, result_required=required)
    request = operator._start_request(ti)
    assert request.result_required is required
    sent = _known_to_all(request)
    assert sent.get("result_required") is (required or None)
    assert decode(StartRequest, sent) == request


@pytest.mark.parametrize("container", ["main", None])
def test_deciding_container(ti: Any, container: str | None) -> None:
    """Sent where it says something, as a stack of the last release doesn't know it."""
    operator = EcsRunTaskOperator(**SEED, deciding_container=container)
    sent = _known_to_all(operator._start_request(ti))
    assert sent.get("deciding_container") == container
    assert ("deciding_container" in sent) is (container is not None)


@pytest.mark.parametrize(
    ("asked", "lines"), [(25, 25), ("25", 25), (0, 0), (1000, 100), (None, 100), ("None", 100)]
)
def test_tail_lines(ti: Any, asked: Any, lines: int) -> None:
    operator = EcsRunTaskOperator(**{**SEED, "number_logs_exception": asked})
    assert operator._start_request(ti).tail_lines == lines


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(None, None), (timedelta(minutes=5), 300), (timedelta(milliseconds=10), 1)],
)
def test_execution_timeout_is_the_runs_timeout(
    ti: Any, timeout: timedelta | None, seconds: int | None
) -> None:
    operator = EcsRunTaskOperator(**SEED, execution_timeout=timeout)
    assert operator._start_request(ti).timeout_seconds == seconds


@pytest.mark.parametrize("operator", [EcsRunTaskOperator, BatchOperator])
@pytest.mark.parametrize(
    ("reattach", "previous"),
    [
        (True, "attach"),
        ("True", "attach"),
        ("{{ params.again }}", "attach"),
        (False, "stop"),
        ("False", "stop"),
        ("{{ not params.again }}", "stop"),
    ],
)
def test_reattach_decides_about_the_earlier_trys_run(
    ti: Any, operator: Any, reattach: Any, previous: str
) -> None:
    keywords = SEED if operator is EcsRunTaskOperator else BATCH
    task = operator(**keywords, reattach=reattach)
    task.render_template_fields({"params": {"again": True}, "ts": "", "ds": ""})
    assert task._start_request(ti).previous == previous


def test_a_new_try_does_not_attach_unless_asked_to(ti: Any) -> None:
    assert EcsRunTaskOperator(**SEED)._start_request(ti).previous == "stop"


@pytest.mark.parametrize(
    ("keywords", "policy"),
    [
        ({}, FailurePolicy(infra_retries=2, spot_fall_back=False)),
        ({"infra_retries": 0}, FailurePolicy(infra_retries=0)),
        ({"spot_fall_back": True}, FailurePolicy(spot_fall_back=True)),
    ],
)
def test_failure_policy(ti: Any, keywords: dict[str, Any], policy: FailurePolicy) -> None:
    assert EcsRunTaskOperator(**SEED, **keywords)._start_request(ti).failure_policy == policy
    assert BatchOperator(**BATCH, **keywords)._start_request(ti).failure_policy == policy


@pytest.mark.parametrize("offload", [True, False])
def test_offload_environment(ti: Any, offload: bool) -> None:
    task = BatchOperator(**BATCH, offload_environment=offload)
    assert task._start_request(ti).offload_environment is offload


def test_the_request_tells_how_many_tries_the_task_has(ti: Any) -> None:
    caller = EcsRunTaskOperator(**SEED)._start_request(ti).caller
    assert isinstance(caller, AirflowCaller)
    assert caller.max_tries == 3


def test_how_the_task_is_finished(ti: Any) -> None:
    stacks_own = EcsRunTaskOperator(**SEED)._start_request(ti)
    assert (stacks_own.finish, stacks_own.airflow) == (None, "default")
    pushed = EcsRunTaskOperator(**SEED, finish="push", airflow="other")._start_request(ti)
    assert (pushed.finish, pushed.airflow) == ("push", "other")
    with pytest.raises(ValueError, match="finish is 'poll'; give one of feed, push, rest"):
        BatchOperator(**BATCH, finish="poll")


@pytest.mark.parametrize(
    ("given", "asked"), [("etl", "etl"), (None, None), ("", None), ("None", None)]
)
def test_the_concurrency_group_is_asked_for_where_there_is_one(
    ti: Any, given: str | None, asked: str | None
) -> None:
    """A stack that is older than the provider doesn't know the field."""
    for operator, keywords in ((EcsRunTaskOperator, SEED), (BatchOperator, BATCH)):
        made = operator(**keywords, concurrency_group=given)
        assert "concurrency_group" in made.template_fields
        request = made._start_request(ti)
        assert request.concurrency_group == asked
        assert ("concurrency_group" in _known_to_all(request)) is (asked is not None)
