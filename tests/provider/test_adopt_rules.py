"""The rules of adoption one at a time; test_adoption.py has whole tasks."""

import logging
from functools import wraps
from typing import Any

import pytest
import typing_extensions
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator

from airflow_provider_jetbridge.adopt.rules import why_class_stays, why_values_stay
from airflow_provider_jetbridge.operators.ecs_as_stock import EcsAsStock


@pytest.mark.parametrize(
    "override",
    [
        {},
        {"podProperties": None},
        {"podProperties": {"containers": [{"name": "a"}, {"name": "b"}, "neither"]}},
        {"podProperties": {"containers": {"image": "a mapping is no list"}}},
        {"podProperties": {"metadata": {"labels": {"team": "x"}}}},
        {"podProperties": {"initContainers": [], "metadata": None}},
    ],
)
@pytest.mark.parametrize("in_nodes", [False, True])
def test_pods_that_keep_the_definitions_program_are_adopted(
    override: dict[str, Any], in_nodes: bool
) -> None:
    nodes = {"nodePropertyOverrides": [{"targetNodes": "0:"}, {"eksPropertiesOverride": override}]}
    values = {"node_overrides": nodes} if in_nodes else {"eks_properties_override": override}
    assert why_values_stay(values) is None


def test_the_first_pod_that_is_refused_is_named_by_its_place() -> None:
    pods = [
        {"eksPropertiesOverride": {"podProperties": {"containers": [{"name": "a"}]}}},
        {
            "eksPropertiesOverride": {
                "podProperties": {"initContainers": [{"name": "b"}, {"image": "mine"}]}
            }
        },
    ]
    why = why_values_stay({"node_overrides": {"nodePropertyOverrides": pods}})
    assert why is not None
    assert why.startswith(
        "node_overrides.nodePropertyOverrides[1].eksPropertiesOverride.podProperties"
        ".initContainers[1].image is refused"
    )


class Awaits(BatchOperator):
    async def execute(self, context: Any) -> Any:  # type: ignore[override] # what is to be found
        return super().execute(context)


def timed(method: Any) -> Any:
    @wraps(method)
    def call(self: Any, context: Any) -> Any:
        return method(self, context)

    return call


class Decorated(BatchOperator):
    @timed
    def execute(self, context: Any) -> Any:
        return super().execute(context)


class Unread(BatchOperator):
    exec("def execute(self, context):\n    return super().execute(context)")


@pytest.mark.parametrize(
    ("operator", "why"),
    [
        (Awaits, "Awaits.execute isn't a plain method"),
        (Decorated, "Decorated.execute is decorated"),
        (Unread, "Unread.execute can't be read"),
    ],
)
def test_an_execute_that_nobody_can_judge_stays(operator: type, why: str) -> None:
    told = why_class_stays(operator, BatchOperator, deferrable=False)
    assert told is not None
    assert told.startswith(why)
    # A class that defers with the stock operator has no code that only Jetbridge would skip.
    assert why_class_stays(operator, BatchOperator, deferrable=True) is None


class Overrides(BatchOperator):
    @typing_extensions.override
    def execute(self, context: Any) -> Any:
        self.log.info("starting %s", self.job_name)
        return super().execute(context)


class Matches(BatchOperator):
    @typing_extensions.override
    def execute(self, context: Any) -> Any:
        match self.job_queue:
            case "fast":
                self.tags = {"speed": "high"}
                return super().execute(context)
            case _:
                return super().execute(context)


class MatchesAndTells(BatchOperator):
    def execute(self, context: Any) -> Any:
        match self.job_queue:
            case "fast":
                super().execute(context)
        self.log.info("afterwards")


@pytest.mark.parametrize("operator", [Overrides, Matches])
def test_an_execute_that_ends_with_the_start_is_adopted(operator: type) -> None:
    assert why_class_stays(operator, BatchOperator, deferrable=False) is None


def test_work_behind_a_match_stays() -> None:
    why = why_class_stays(MatchesAndTells, BatchOperator, deferrable=False)
    assert why is not None
    assert "has code after super().execute" in why


# Older amazon providers name the stream elsewhere.
STOCK_NAME = getattr(EcsRunTaskOperator, "_get_logs_stream_name", None)


class Task:
    """The part of a task that names its log stream."""

    log = logging.getLogger(__name__)
    _get_ecs_task_id = staticmethod(EcsAsStock._get_ecs_task_id)
    _get_logs_stream_name: Any = EcsAsStock._get_logs_stream_name
    stock_stream_name: Any = STOCK_NAME

    def __init__(self, prefix: str, container: str | None) -> None:
        self.arn = "arn:aws:ecs:eu-central-1:123456789012:task/reports/478f"
        self.awslogs_stream_prefix, self.container_name = prefix, container


@pytest.mark.skipif(STOCK_NAME is None, reason="this amazon provider has no such method")
@pytest.mark.parametrize("container", [None, "main"])
@pytest.mark.parametrize("prefix", ["report", "report/main", "report/other"])
def test_a_log_stream_has_the_name_that_the_amazon_provider_gives(
    prefix: str, container: str | None
) -> None:
    task = Task(prefix, container)
    assert task._get_logs_stream_name() == task.stock_stream_name()
    assert task._get_logs_stream_name().endswith("/478f")
