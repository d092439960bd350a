"""JSON values, as results are, without secrets."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.secret_values import secret_lines, values

from jetbridge.secrets.forms import MASK
from jetbridge.secrets.outcome import masked_result
from jetbridge.secrets.values import masked_value

MADE = values()
BEGIN = "-----BEGIN PRIVATE KEY-----"
MASKED: list[tuple[Any, Any, int]] = [
    ({"password": "hunter2", "n": 1}, {"password": MASK, "n": 1}, 1),
    ({"dbPassword": "hunter2"}, {"dbPassword": MASK}, 1),
    ({"password": ["hunter2", "x"]}, {"password": [MASK, MASK]}, 2),
    ({"password": {"value": "hunter2"}}, {"password": {"value": MASK}}, 1),
    ({"password": 123456}, {"password": MASK}, 1),
    ({"password": None, "token": True}, {"password": None, "token": True}, 0),
    ({"token": 7}, {"token": 7}, 0),
    (
        {"AccessKeyId": MADE["ASIA"], "SecretAccessKey": MADE["secret40"], "Token": "IQoJb3JpZ2lu"},
        {"AccessKeyId": MASK, "SecretAccessKey": MASK, "Token": MASK},
        3,
    ),
    ([{"name": "DB_PASSWORD", "value": "hunter2"}], [{"name": "DB_PASSWORD", "value": MASK}], 1),
    ([{"value": "x", "name": "A"}], [{"value": "x", "name": "A"}], 0),
    ({"headers": {"Authorization": "abc1"}}, {"headers": {"Authorization": MASK}}, 1),
    ([["Authorization", "abc1"]], [["Authorization", MASK]], 1),
    (["password", "email"], ["password", "email"], 0),
    ("postgres://ana:hunter2@db/x", f"postgres://{MASK}@db/x", 1),
    ({"a": [{"b": f"got {MADE['ghp']}"}]}, {"a": [{"b": f"got {MASK}"}]}, 1),
    ({MADE["ghp"]: 1, MADE["gho"]: 2}, {MASK: 1, f"{MASK} (1)": 2}, 2),
    ("PGPASSWORD=hunter2 psql\nok", f"PGPASSWORD={MASK} psql\nok", 1),
    (f"{BEGIN}\nMIIE\n{BEGIN.replace('BEGIN', 'END')}\n", f"{MASK}\n{MASK}\n{MASK}\n", 1),
    ({"rows": 7, "at": "s3://bucket/key"}, {"rows": 7, "at": "s3://bucket/key"}, 0),
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(("value", "shown", "count"), MASKED)
def test_masked_value(value: Any, shown: Any, count: int) -> None:
    assert masked_value(value) == (shown, count)
    assert list(masked_value(value)[0]) == list(shown) if isinstance(value, dict) else True
    assert masked_value(shown) == (shown, 0), "masking twice changes nothing"


@pytest.mark.parametrize("case", secret_lines(), ids=lambda case: case.line[:60])
def test_every_secret_line_as_a_result(case: Any) -> None:
    shown, count = masked_value({"said": [case.line]})
    assert shown == {"said": [case.shown]}
    assert count == 1


def test_a_result_of_any_depth_is_masked() -> None:
    value: Any = "password=hunter2"
    for _ in range(100_000):
        value = [value]
    shown, count = masked_value(value)
    assert count == 1
    while isinstance(shown, list):
        [shown] = shown
    assert shown == f"password={MASK}"


@given(VALUES)
def test_a_value_keeps_its_shape(value: Any) -> None:
    shown, count = masked_value(value)
    if not count:
        assert shown == value
    assert type(shown) is type(value)
    if isinstance(value, list | dict):
        assert len(shown) == len(value)


def test_advice_says_how_many_values_were_masked() -> None:
    assert masked_result({"rows": 1}) == ({"rows": 1}, "")
    assert masked_result({"token": "abc"})[1].startswith("1 value of the container's result")
    assert "2 values" in masked_result(json.loads('{"token": "abc", "secret": "d"}'))[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [("key", "val"), ("k", "v"), ("name", "stringValue"), ("ParameterKey", "ParameterValue"),
     ("Name", "Value"), ("parameterName", "parameterValue"), ("variable", "value")],
)  # fmt: skip
def test_members_that_name_another(name: str, value: str) -> None:
    assert masked_value([{name: "password", value: "hunter2"}]) == (
        [{name: "password", value: MASK}],
        1,
    )
    assert masked_value([{value: "hunter2", name: "rows"}]) == (
        [{value: "hunter2", name: "rows"}],
        0,
    )


@pytest.mark.parametrize(("value", "shown", "count"), [
    ([MADE["AKIA"], MADE["secret40"]], [MASK, MASK], 2),
    ({"a": MADE["AKIA"], "b": MADE["secret40"]}, {"a": MASK, "b": MASK}, 2),
    ({"a": {"id": MADE["AKIA"]}, "b": [MADE["secret40"]]}, {"a": {"id": MASK}, "b": [MASK]}, 2),
    ({"a": MADE["secret40"]}, {"a": MADE["secret40"]}, 0),
    ([BEGIN, "MIIE" + "a" * 60, "x==", BEGIN.replace("BEGIN", "END"), "end"],
     [MASK, MASK, MASK, MASK, "end"], 4),
    (["tool", "--password", "hunter2", "run"], ["tool", "--password", MASK, "run"], 1),
    (["tool", "--password", "--run"], ["tool", "--password", "--run"], 0),
    ({"passwords": ["hunter2"]}, {"passwords": [MASK]}, 1),
    ({"passwords": {"ana": "hunter2"}}, {"passwords": {"ana": MASK}}, 1),
    ({"SecretString": '{"a": "b"}', "SecretBinary": "aGk="},
     {"SecretString": MASK, "SecretBinary": MASK}, 2),
    ({"password ": "a1", "Password:": "b1", "password (prod)": "c1", "passwordProd": "d1"},
     {"password ": MASK, "Password:": MASK, "password (prod)": MASK, "passwordProd": MASK}, 4),
    ({"pass": 10, "fail": 2}, {"pass": 10, "fail": 2}, 0),
    ({"pass": "10%", "token_count": "7"}, {"pass": "10%", "token_count": "7"}, 0),
    ({"status": {"api_key": "configured"}}, {"status": {"api_key": "configured"}}, 0),
    ({"name": "Authorization", "value": "abc1"}, {"name": "Authorization", "value": MASK}, 1),
])  # fmt: skip
def test_what_lines_have_results_have_too(value: Any, shown: Any, count: int) -> None:
    assert masked_value(value) == (shown, count)
    assert masked_value(shown) == (shown, 0)
