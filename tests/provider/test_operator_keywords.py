"""Migration is one import line: every keyword of the amazon provider's operators is taken."""

import inspect

import pytest
from airflow.providers.amazon.aws.operators.batch import BatchOperator as StockBatchOperator
from airflow.providers.amazon.aws.operators.ecs import (
    EcsRunTaskOperator as StockEcsRunTaskOperator,
)

from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

PAIRS = [(EcsRunTaskOperator, StockEcsRunTaskOperator), (BatchOperator, StockBatchOperator)]

ARGUMENTS = {
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
def test_every_keyword_of_the_stock_operator_is_taken_with_its_default(ours, stock):
    assert len(keywords(stock)) > 25
    ours_keywords = keywords(ours)
    for name, parameter in keywords(stock).items():
        assert name in ours_keywords, f"{stock.__name__} takes {name}"
        if name != "region":
            assert ours_keywords[name].default == parameter.default, name


@pytest.mark.parametrize(("ours", "stock"), PAIRS)
def test_templates_and_renderers_are_the_stock_operators(ours, stock):
    assert set(stock.template_fields) <= set(ours.template_fields)
    assert stock.template_fields_renderers == ours.template_fields_renderers
    assert stock.ui_color == ours.ui_color


@pytest.mark.parametrize(("ours", "stock"), PAIRS)
def test_every_template_field_is_an_attribute(ours, stock):
    operator = ours(task_id="t", **ARGUMENTS[ours])
    for field in ours.template_fields:
        assert hasattr(operator, field), field


@pytest.mark.parametrize("ours", [EcsRunTaskOperator, BatchOperator])
def test_it_can_be_mapped(ours):
    first, *rest = ARGUMENTS[ours]
    partial = {name: ARGUMENTS[ours][name] for name in rest}
    mapped = ours.partial(task_id="t", **partial).expand(**{first: ["a", "b"]})
    assert mapped.operator_class is ours


@pytest.mark.parametrize("retries", [-1, 11])
def test_infra_retries_out_of_range_are_refused_when_the_dag_is_parsed(retries):
    with pytest.raises(ValueError, match="give 0 to 10"):
        EcsRunTaskOperator(task_id="t", infra_retries=retries, **ARGUMENTS[EcsRunTaskOperator])


@pytest.mark.parametrize("ours", [EcsRunTaskOperator, BatchOperator])
def test_region_is_refused_when_the_dag_is_parsed(ours):
    with pytest.raises(ValueError, match="give region_name"):
        ours(task_id="t", region="eu-central-1", **ARGUMENTS[ours])
