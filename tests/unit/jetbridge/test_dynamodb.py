"""DynamoDB's notation: what goes in comes out, and it is the notation that boto3 writes."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import example, given
from hypothesis import strategies as st
from jetbridge_testing.tables import create_table

from jetbridge.aws.items import marshal, unmarshal

# What DynamoDB keeps: magnitudes of 1E-130 to 9.99E+125, 38 digits.
_FLOATS = st.one_of(
    st.just(0.0),
    st.floats(min_value=1e-130, max_value=9.9e125),
    st.floats(min_value=-9.9e125, max_value=-1e-130),
)
_INTEGERS = st.integers(min_value=1 - 10**38, max_value=10**38 - 1)
_VALUES = st.one_of(st.text(), st.booleans(), _INTEGERS, _FLOATS)
_ITEMS = st.dictionaries(st.text(min_size=1), _VALUES)


@given(_ITEMS)
@example({"whole": 1.0, "small": 1e-07, "big": 1e22, "time": 1767225600.123456})
@example({"yes": True, "one": 1, "no": False, "zero": 0, "empty": ""})
def test_round_trip(item: dict[str, Any]) -> None:
    plain = unmarshal(marshal(item))
    assert plain == item
    for name, value in item.items():
        assert isinstance(plain[name], bool) == isinstance(value, bool)


@given(_ITEMS)
def test_notation_is_what_boto3_reads(item: dict[str, Any]) -> None:
    read = {name: TypeDeserializer().deserialize(value) for name, value in marshal(item).items()}
    assert read == {
        name: Decimal(str(value)) if isinstance(value, float) else value
        for name, value in item.items()
    }


@given(_ITEMS)
def test_what_boto3_writes_is_read(item: dict[str, Any]) -> None:
    written = {
        name: TypeSerializer().serialize(Decimal(str(value)) if isinstance(value, float) else value)
        for name, value in item.items()
    }
    assert unmarshal(written) == item


@pytest.mark.parametrize("number", [1, 10**30, 1.0, 0.1, 1e-07, 1e22, -2.5, 1767225600.123456])
def test_numbers_survive_a_table(dynamodb: Any, number: float) -> None:
    table = create_table(dynamodb, "OutcomesTable")
    dynamodb.put_item(TableName=table, Item=marshal({"run_id": "r", "number": number}))
    item = dynamodb.get_item(TableName=table, Key=marshal({"run_id": "r"}))["Item"]
    assert unmarshal(item)["number"] == number


@pytest.mark.parametrize("value", [None, ["a"], {"a": 1}, b"a", Decimal(1)])
def test_other_types_are_refused_by_name(value: Any) -> None:
    with pytest.raises(TypeError, match=f"attribute deaths is a {type(value).__name__}: give"):
        marshal({"run_id": "r", "deaths": value})


@pytest.mark.parametrize(
    "number", [float("nan"), float("inf"), -float("inf"), 1e126, 1e-131, 10**38 + 1]
)
def test_numbers_that_dynamodb_cannot_hold_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match=r"attribute number is .* store it as text"):
        marshal({"number": number})


@pytest.mark.parametrize("value", [{"L": []}, {"M": {}}, {"NULL": True}, {"SS": ["a"]}, {"B": b""}])
def test_kinds_that_are_never_written_are_refused_by_name(value: dict[str, Any]) -> None:
    [kind] = value
    with pytest.raises(TypeError, match=f"attribute stray is of DynamoDB's type {kind}"):
        unmarshal({"run_id": {"S": "r"}, "stray": value})
