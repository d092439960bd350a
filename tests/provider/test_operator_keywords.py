"""Migration is one import line: every keyword of the amazon provider's operators is taken."""

import inspect
import sys
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.amazon.aws.operators.batch import BatchOperator as StockBatchOperator
from airflow.providers.amazon.aws.operators.ecs import (
    EcsRunTaskOperator as StockEcsRunTaskOperator,
)

from airflow_provider_jetbridge.adopt.keywords import keywords_table
from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

PAIRS = [(EcsRunTaskOperator, StockEcsRunTaskOperator), (BatchOperator, StockBatchOperator)]

DECIDED = keywords_table()
"""What docs/how-to/migration.md says of each keyword."""

ARGUMENTS: dict[Any, dict[str, Any]] = {
    EcsRunTaskOperator: {"task_definition": "t", "cluster": "c", "overrides": {}},
    BatchOperator: {"job_name": "n", "job_definition": "d", "job_queue": "q"},
}


def keywords(operator: type) -> dict[str, inspect.Parameter]:
    """The keywords that a class and its bases take, Airflow's own apart."""
    own: dict[str, inspect.Parameter] = {}
    for base in operator.__mro__:
        if base.__module__.startswith(("airflow.sdk", "airflow.models")):
            break
        init = base.__dict__.get("__init__")
        for name, parameter in inspect.signature(init).parameters.items() if init else ():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                own.setdefault(name, parameter)
    return own


@pytest.mark.parametrize(("ours", "stock"), PAIRS)
def test_every_keyword_of_the_stock_operator_is_taken_with_its_default(
    ours: Any, stock: Any
) -> None:
    assert len(keywords(stock)) > 25
    ours_keywords = keywords(ours)
    for name, parameter in keywords(stock).items():
        assert name in ours_keywords, f"{stock.__name__} takes {name}"
        if name != "region":
            assert ours_keywords[name].default == parameter.default, name


@pytest.mark.parametrize(("ours", "stock"), PAIRS)
def test_the_migration_guide_has_every_keyword_of_the_installed_provider_and_no_other(
    ours: Any, stock: Any
) -> None:
    decided = {**DECIDED[stock.__name__], **DECIDED["both"]}
    assert not DECIDED[stock.__name__].keys() & DECIDED["both"].keys()
    assert set(decided) == set(keywords(stock))
    assert {how for how, _ in decided.values()} <= {"kept", "changed"}
    assert all(why.strip() for _, why in decided.values())


@pytest.mark.parametrize(("ours", "stock"), PAIRS)
def test_every_default_can_be_given(ours: Any, stock: Any) -> None:
    for name, parameter in keywords(stock).items():
        if name != "region" and parameter.default is not inspect.Parameter.empty:
            ours(task_id="t", **{name: parameter.default}, **ARGUMENTS[ours])


@pytest.mark.parametrize("ours", [EcsRunTaskOperator, BatchOperator])
def test_default_args_reach_every_class_of_keywords(ours: Any) -> None:
    from airflow.sdk import DAG

    arguments = {
        "region_name": "eu-west-1",
        "aws_conn_id": "aws_other",
        "jetbridge_stack": "mine",
        "reattach": True,
        "retries": 4,
        "deferrable": True,
        "wait_for_completion": False,
        **ARGUMENTS[ours],
    }
    with DAG("d", schedule=None, default_args=arguments):
        task = ours(task_id="t")
        own = ours(task_id="own", region_name="eu-north-1")
    assert {name: getattr(task, name) for name in arguments} == arguments
    assert (own.region_name, own.aws_conn_id) == ("eu-north-1", "aws_other")


@pytest.mark.parametrize(
    ("ours", "keywords", "limit"),
    [
        (EcsRunTaskOperator, {}, None),
        (EcsRunTaskOperator, {"waiter_delay": 30}, None),
        (EcsRunTaskOperator, {"waiter_max_attempts": 10}, timedelta(minutes=1)),
        (
            EcsRunTaskOperator,
            {
                "waiter_max_attempts": 10,
                "waiter_delay": 60,
                "execution_timeout": timedelta(hours=1),
            },
            timedelta(minutes=10),
        ),
        (
            EcsRunTaskOperator,
            {"waiter_max_attempts": 1000, "execution_timeout": timedelta(minutes=1)},
            timedelta(minutes=1),
        ),
        (BatchOperator, {}, None),
        (BatchOperator, {"poll_interval": 5}, None),
        (EcsRunTaskOperator, {"waiter_max_attempts": None}, None),
        (EcsRunTaskOperator, {"waiter_max_attempts": sys.maxsize}, None),
        (EcsRunTaskOperator, {"waiter_delay": None}, None),
        (EcsRunTaskOperator, {"waiter_delay": None, "waiter_max_attempts": 10}, timedelta(0, 60)),
        (EcsRunTaskOperator, {"waiter_delay": 86_400}, None),
        (BatchOperator, {"max_retries": 100}, None),
        (BatchOperator, {"max_retries": 100, "execution_timeout": timedelta(1)}, timedelta(1)),
        (BatchOperator, {"max_retries": None, "deferrable": True}, None),
        (BatchOperator, {"max_retries": 0, "deferrable": True}, None),
        (BatchOperator, {"max_retries": sys.maxsize, "deferrable": True}, None),
        (BatchOperator, {"max_retries": 20, "deferrable": True}, timedelta(minutes=10)),
        (
            BatchOperator,
            {
                "max_retries": 20,
                "poll_interval": 1,
                "execution_timeout": timedelta(hours=1),
                "deferrable": True,
            },
            timedelta(seconds=20),
        ),
    ],
)
def test_a_limit_of_polling_is_a_limit_of_time(
    ti: Any, ours: Any, keywords: dict[str, Any], limit: timedelta | None
) -> None:
    """Who limits the stock operator's attempts means that the job may not take longer."""
    task = ours(task_id="t", **keywords, **ARGUMENTS[ours])
    assert task.time_limit == limit
    asked = task._start_request(ti).timeout_seconds
    assert asked == (int(limit.total_seconds()) if limit else None)


@pytest.mark.parametrize(
    ("keywords", "container"),
    [
        ({}, None),
        ({"container_name": "main"}, "main"),
        ({"awslogs_stream_prefix": "ecs"}, None),
        ({"awslogs_stream_prefix": "ecs/main"}, "main"),
        ({"awslogs_stream_prefix": "ecs/medallion/"}, "medallion"),
        ({"awslogs_stream_prefix": "/"}, None),
        ({"awslogs_stream_prefix": "ecs/main", "container_name": "side"}, "side"),
    ],
)
def test_whose_result_is_the_return_value(
    ti: Any, keywords: dict[str, Any], container: str | None
) -> None:
    task = EcsRunTaskOperator(task_id="t", **keywords, **ARGUMENTS[EcsRunTaskOperator])
    assert task._start_request(ti).result_container == container


@pytest.mark.parametrize(("ours", "stock"), PAIRS)
def test_templates_and_renderers_are_the_stock_operators(ours: Any, stock: Any) -> None:
    assert set(stock.template_fields) <= set(ours.template_fields)
    assert stock.template_fields_renderers == ours.template_fields_renderers
    assert stock.ui_color == ours.ui_color


@pytest.mark.parametrize(("ours", "stock"), PAIRS)
def test_every_template_field_is_an_attribute(ours: Any, stock: Any) -> None:
    operator = ours(task_id="t", **ARGUMENTS[ours])
    for field in ours.template_fields:
        assert hasattr(operator, field), field


@pytest.mark.parametrize("ours", [EcsRunTaskOperator, BatchOperator])
def test_it_can_be_mapped(ours: Any) -> None:
    first, *rest = ARGUMENTS[ours]
    partial = {name: ARGUMENTS[ours][name] for name in rest}
    mapped = ours.partial(task_id="t", **partial).expand(**{first: ["a", "b"]})
    assert mapped.operator_class is ours


@pytest.mark.parametrize("retries", [-1, 11])
def test_infra_retries_out_of_range_are_refused_when_the_dag_is_parsed(retries: int) -> None:
    with pytest.raises(ValueError, match="give 0 to 10"):
        EcsRunTaskOperator(task_id="t", infra_retries=retries, **ARGUMENTS[EcsRunTaskOperator])


@pytest.mark.parametrize("ours", [EcsRunTaskOperator, BatchOperator])
def test_region_is_warned_of_and_has_no_effect(ours: Any) -> None:
    """As in the amazon provider 9.39: `AwsHookParams.from_constructor` drops it."""
    from airflow.exceptions import AirflowProviderDeprecationWarning
    from airflow.sdk import DAG

    with pytest.warns(AirflowProviderDeprecationWarning, match="give region_name"):
        given = ours(task_id="t", region="eu-central-1", **ARGUMENTS[ours])
    with (
        pytest.warns(AirflowProviderDeprecationWarning),
        DAG("d", schedule=None, default_args={"region": "eu-central-1"}),
    ):
        inherited = ours(task_id="t", **ARGUMENTS[ours])
    assert (given.region_name, inherited.region_name) == (None, None)
