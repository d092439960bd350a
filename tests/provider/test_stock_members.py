"""Each attribute and method of the installed amazon provider's classes exists under its name, or
docs/how-to/migration.md explains why not. This shows the differences of that provider's releases.
"""

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.amazon.aws.operators import batch as stock_batch
from airflow.providers.amazon.aws.operators import ecs as stock_ecs
from airflow.providers.amazon.aws.sensors import batch as stock_batch_sensors
from airflow.providers.amazon.aws.sensors import ecs as stock_ecs_sensors

from airflow_provider_jetbridge.operators import batch, ecs
from airflow_provider_jetbridge.sensors import batch as batch_sensors
from airflow_provider_jetbridge.sensors import ecs as ecs_sensors

GUIDE = (Path(__file__).parents[2] / "docs" / "how-to" / "migration.md").read_text()

PAIRS = {
    "EcsRunTaskOperator": (ecs, stock_ecs),
    "BatchOperator": (batch, stock_batch),
    "EcsTaskStateSensor": (ecs_sensors, stock_ecs_sensors),
    "BatchSensor": (batch_sensors, stock_batch_sensors),
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "EcsRunTaskOperator": {"task_definition": "t", "cluster": "c", "overrides": {}},
    "BatchOperator": {"job_name": "n", "job_definition": "d", "job_queue": "q"},
    "EcsTaskStateSensor": {"cluster": "c", "task": "t"},
    "BatchSensor": {"job_id": "j"},
}
ABSENT = {
    "EcsRunTaskOperator": {
        "_get_task_log_fetcher",
        "_start_task",
        "_try_reattach_task",
        "_wait_for_task_ended",
    },
    "BatchOperator": {
        "_get_batch_log_fetcher",
        "_persist_cloudwatch_link",
        "_persist_links",
        "monitor_job",
        "submit_job",
    },
    "EcsTaskStateSensor": set(),
    "BatchSensor": set(),
}
"""Members that Jetbridge's classes don't have; the guide names each."""

OTHERS = {
    # Of the amazon provider's bases, for its other operators.
    "_complete_exec_with_cluster_desc",
    "validate_attributes",
    # typing's, which Python 3.11 adds to classes that extend a protocol.
    "_is_protocol",
}
CHANGED = {"operator_extra_links"}
"""Members with another value; the guide has a row for the links of each operator."""

NAMES = sorted(PAIRS)


def both(name: Any) -> Any:
    ours, stock = PAIRS[name]
    return getattr(ours, name), getattr(stock, name)


def made(name: Any, **keywords: Any) -> list[Any]:
    return [each(task_id="x", **ARGUMENTS[name], **keywords) for each in both(name)]


@pytest.mark.parametrize("name", NAMES)
def test_every_member_is_there_or_in_the_guide(name: Any) -> None:
    ours, stock = both(name)
    public = {each for each in dir(stock) if not each.startswith("__")}
    missing = {each for each in public if not hasattr(ours, each)} - OTHERS
    assert missing == ABSENT[name]
    assert all(f"`{each}`" in GUIDE for each in missing)


@pytest.mark.parametrize("name", NAMES)
def test_a_new_object_has_the_same_attributes(name: Any) -> None:
    ours, stock = made(name)
    left_out = {each for each in vars(stock) if not hasattr(ours, each)}
    assert left_out == set()
    for each, value in vars(stock).items():
        if not each.startswith("_BaseOperator__"):
            assert getattr(ours, each) == value, each


@pytest.mark.parametrize("name", NAMES)
def test_what_airflow_reads_of_the_class_is_the_same(name: Any) -> None:
    ours, stock = both(name)
    assert set(stock.template_fields) <= set(ours.template_fields)
    for each in ("template_ext", "template_fields_renderers", "ui_color", "ui_fgcolor"):
        assert getattr(ours, each) == getattr(stock, each), each
    assert ours.aws_hook_class is stock.aws_hook_class
    differing = {
        each
        for each in ("operator_extra_links", "shallow_copy_attrs")
        if [type(part) for part in getattr(ours, each)]
        != [type(part) for part in getattr(stock, each)]
    }
    assert differing <= CHANGED


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "access",
    [
        {},
        {
            "aws_conn_id": None,
            "region_name": "eu-west-3",
            "verify": False,
            "botocore_config": {"read_timeout": 3},
        },
    ],
)
def test_the_hook_is_the_same(
    name: Any, access: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, stock = made(name, **access)
    assert ours._hook_parameters == stock._hook_parameters
    assert type(ours.hook) is type(stock.hook)
    assert ours.hook is ours.hook
    assert ours.hook.region_name == stock.hook.region_name
    assert hasattr(type(ours), "client") == hasattr(type(stock), "client")


@pytest.mark.parametrize("name", NAMES)
def test_operators_are_copied_and_pickled(name: Any) -> None:
    ours, _ = made(name, retries=3)
    for again in (copy.copy(ours), copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert (type(again), again.task_id, again.retries) == (type(ours), "x", 3)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_keywords_are_refused_in_the_same_words(name: Any) -> None:
    told = []
    for each in both(name):
        with pytest.raises(TypeError) as unknown:
            each(task_id="x", **ARGUMENTS[name], nonsense=1)
        with pytest.raises(TypeError) as missing:
            each(task_id="x")
        told.append((str(unknown.value), str(missing.value)))
    assert told[0] == told[1]


@pytest.mark.parametrize("name", ["EcsRunTaskOperator", "BatchOperator"])
def test_the_guide_has_rows_for_what_else_differs(name: str) -> None:
    ours, stock = both(name)
    for link in stock.operator_extra_links:
        assert link.key in GUIDE, "the XCom that the amazon provider's link leaves"
    assert not issubclass(ours, stock)
    assert "`isinstance(task, …)`" in GUIDE
