"""Values from a DAG reach Jetbridge if botocore would take them from the amazon provider."""

import datetime
import enum
import uuid
from collections import OrderedDict, UserDict
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import botocore.session
import pendulum
import pytest
from airflow.sdk import Param
from botocore.validate import ParamValidator
from fake_aws import ANSWER, FakeLambda
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined, Undefined
from markupsafe import Markup

from airflow_provider_jetbridge.exceptions import StartRefused
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from airflow_provider_jetbridge.plain import plain

RUN_TASK = botocore.session.get_session().get_service_model("ecs").operation_model("RunTask")
PLACE = "run_task.overrides.containerOverrides[0]"


class Text(str):
    """As a YAML reader or a template engine has them."""


class Size(enum.StrEnum):
    SMALL = "small"


class Level(enum.IntEnum):
    HIGH = 3


class Colour(enum.Enum):
    RED = "red"


class Pair(NamedTuple):
    first: str
    second: str


def overrides(**container: Any) -> dict[str, Any]:
    return {"containerOverrides": [{"name": "main", **container}]}


def variable(value: Any) -> dict[str, Any]:
    return overrides(environment=[{"name": "A", "value": value}])


def taken_by_botocore(given: dict[str, Any]) -> bool:
    report = ParamValidator().validate(
        {"taskDefinition": "t", "overrides": given}, RUN_TASK.input_shape
    )
    return not report.has_errors()


TAKEN = [
    (variable(Text("x")), variable("x")),
    (variable(Markup("<b>")), variable("<b>")),
    (variable(Size.SMALL), variable("small")),
    (overrides(command=("a", Text("b"))), overrides(command=["a", "b"])),
    (overrides(command=Pair("a", "b")), overrides(command=["a", "b"])),
    (overrides(cpu=Level.HIGH), overrides(cpu=3)),
    (OrderedDict({Text("cpu"): Text("1")}), {"cpu": "1"}),
]


@pytest.mark.parametrize(("given", "sent"), TAKEN)
def test_subclasses_of_its_types_are_sent_as_botocore_sends_them(
    functions: FakeLambda, ti: Any, given: Any, sent: Any
) -> None:
    assert taken_by_botocore(given)
    functions.answers.append(ANSWER)
    operator = EcsRunTaskOperator(
        task_id="job",
        cluster=Text("c"),
        task_definition="t",
        overrides=given,
        container_name=Text("main"),
        deciding_container=Text("main"),
    )
    operator._start(operator._start_request(ti))
    ((_, request),) = functions.invocations
    assert request["run_task"]["overrides"] == sent
    assert (request["result_container"], request["deciding_container"]) == ("main", "main")


REFUSED = [
    pendulum.datetime(2026, 1, 1),
    datetime.datetime(2026, 1, 1),
    datetime.date(2026, 1, 1),
    datetime.timedelta(1),
    Decimal(1),
    uuid.UUID(int=1),
    b"x",
    Path("x"),
    Colour.RED,
    Param("x"),
    {"x"},
    UserDict(),
    range(2),
    object(),
]


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
def test_other_types_are_refused_with_their_place(
    functions: FakeLambda, ti: Any, value: Any
) -> None:
    """Also those that have a form in JSON, such as dates: it would be another than ``str()``."""
    assert not taken_by_botocore(variable(value))
    operator = EcsRunTaskOperator(
        task_id="job", cluster="c", task_definition="t", overrides=variable(value)
    )
    with pytest.raises(StartRefused) as refused:
        operator.execute({"ti": ti})
    text = str(refused.value)
    assert text.startswith(f"{PLACE}.environment[0].value: is a ")
    assert type(value).__name__ in text
    assert "nothing was started. Give a string" in text
    assert functions.invocations == []


@pytest.mark.parametrize("kind", [StrictUndefined, Undefined])
def test_what_a_native_template_has_no_value_for_is_named(ti: Any, kind: Any) -> None:
    """``{{ ds }}`` in a DAG run without a logical date, with render_template_as_native_obj."""
    operator = EcsRunTaskOperator(
        task_id="job", cluster="c", task_definition="t", overrides=variable(kind(name="ds"))
    )
    with pytest.raises(StartRefused, match=r"\.value: .*undefined; nothing was started") as refused:
        operator.execute({"ti": ti})
    assert ("'ds' is undefined" in str(refused.value)) is (kind is StrictUndefined)


def test_keys_are_strings() -> None:
    with pytest.raises(
        StartRefused, match=r"^submit_job.parameters: has the key 1, which is a int"
    ):
        plain("submit_job", {"parameters": {1: "x"}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_json_stays_as_it_is(value: Any) -> None:
    same = plain("run_task", value)
    assert same == value
    assert type(same) is type(value)
