"""What Airflow can carry stays as it is; what it can't becomes text, with a word about it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jetbridge.contract import ContractError, Launched, carried, clean, decode, read, read_record
from jetbridge.contract.carriage import (
    CHARACTERS,
    KEY_BYTES,
    KEYS,
    KIND,
    REPLACEMENT,
)
from jetbridge.contract.json_values import (
    DEPTH,
    INTEGER,
    LEAST_INTEGER,
    LEVELS,
    MOST_INTEGER,
    NUMBER,
)

CARRIABLE_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
# Hypothesis also tries texts from the code, among them the names that Airflow keeps.
AIRFLOWS_KEYS = ("__classname__", "__id__", "__type")
CARRIABLE_KEY = CARRIABLE_TEXT.filter(lambda key: key not in AIRFLOWS_KEYS)
CARRIABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(LEAST_INTEGER, MOST_INTEGER)
    | st.floats(-(2.0**63), 2.0**63)
    | CARRIABLE_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(CARRIABLE_KEY, inner),
    max_leaves=20,
)
ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]) | st.just("\0"))
KEY = ANY_TEXT | st.sampled_from(["__classname__", "__type", "__var", "__id__", "__data__"])
HOSTILE = st.recursive(
    CARRIABLE
    | st.integers()
    | st.integers().map(lambda number: number * 2**70)
    | st.floats()
    | ANY_TEXT,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(KEY, inner)
        | inner.map(lambda value: [*json.loads("[" * LEVELS + "0" + "]" * LEVELS), value])
    ),
    max_leaves=20,
)
BIG = 2**64


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@given(CARRIABLE)
def test_a_good_value_is_unchanged_to_the_byte(value: Any) -> None:
    encoded = msgspec.json.encode(value)
    assert carried(value) == (value, ())
    assert msgspec.json.encode(carried(read(encoded.decode())).value) == encoded


@given(HOSTILE)
def test_whatever_comes_out_can_be_carried(value: Any) -> None:
    found, problems = carried(value)
    msgspec.msgpack.encode(found)
    text = msgspec.json.encode(found).decode()
    assert "\\u0000" not in text.replace("\\\\", "")
    assert json.loads(text) == found
    assert carried(found) == (found, ())
    assert bool(problems) == (repr(found) != repr(value))


@given(HOSTILE)
def test_what_was_printed_comes_back_as_it_was_or_as_text(value: Any) -> None:
    printed = json.dumps(value)
    found, problems = carried(read(printed, constants=True))
    if not problems:
        assert json.loads(printed) == found
    msgspec.msgpack.encode(found)


@given(st.binary().map(lambda data: data.decode(errors="surrogateescape")) | ANY_TEXT)
@example("[" * 100_000)
@example('{"a":' * 100_000)
@example("9" * 5000)
def test_any_text_is_json_or_it_is_not(text: str) -> None:
    try:
        value = read(text)
    except ValueError:
        return
    msgspec.msgpack.encode(carried(value).value)


@pytest.mark.parametrize(
    ("printed", "value", "problem"),
    [
        (str(MOST_INTEGER), MOST_INTEGER, None),
        (str(LEAST_INTEGER), LEAST_INTEGER, None),
        (str(2**53 + 1), 2**53 + 1, None),
        ('{"a": 1, "a": 2}', {"a": 2}, None),
        ('{"__type": 1}', {"__type": 1}, None),
        ('{"__data__": 1, "__version__": 2}', {"__data__": 1, "__version__": 2}, None),
        (nested(LEVELS), json.loads(nested(LEVELS)), None),
        (f'{{"rows": {BIG}}}', {"rows": str(BIG)}, INTEGER),
        (str(LEAST_INTEGER - 1), str(LEAST_INTEGER - 1), INTEGER),
        ("9" * 5000, "9" * 5000, INTEGER),
        ("[1e999]", ["1e999"], NUMBER),
        ("-1e400", "-1e400", NUMBER),
        ("1e99999999999999999999", "1e99999999999999999999", NUMBER),
        ("1e22", "1e+22", NUMBER),
        (r'"\ud800"', REPLACEMENT, CHARACTERS),
        (r'"a\udc00"', f"a{REPLACEMENT}", CHARACTERS),
        ('"\ud83d"', REPLACEMENT, CHARACTERS),
        (r'["\u0000"]', [REPLACEMENT], CHARACTERS),
        (r'[{"\ud800": 1}, 2]', [r'{"\ud800": 1}', 2], KEYS),
        ('{"__classname__": 1}', '{"__classname__": 1}', KEYS),
        ('{"__id__": 1}', '{"__id__": 1}', KEYS),
        ('{"__type": "set", "__var": []}', '{"__type": "set", "__var": []}', KEYS),
        (json.dumps({"k" * (KEY_BYTES + 1): 1}), json.dumps({"k" * (KEY_BYTES + 1): 1}), KEYS),
        (json.dumps({"k" * KEY_BYTES: 1}), {"k" * KEY_BYTES: 1}, None),
        (nested(LEVELS + 1), nested(LEVELS + 1), DEPTH),
        (nested(3000), nested(3000), DEPTH),
        (nested(200_000), nested(200_000), DEPTH),
    ],
)
def test_limits(printed: str, value: object, problem: str | None) -> None:
    assert carried(read(printed)) == (value, (problem,) if problem else ())


def test_each_problem_is_named_once() -> None:
    assert carried([BIG, BIG, "\0", {1: 2}, object]).problems == (
        INTEGER,
        CHARACTERS,
        KEYS,
        KIND,
    )


@given(ANY_TEXT)
def test_clean_text_keeps_its_length_and_what_is_good(text: str) -> None:
    found = clean(text)
    found.encode()
    assert "\0" not in found
    assert len(found) == len(text)
    assert all(one in (other, REPLACEMENT) for one, other in zip(found, text, strict=True))


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity"])
def test_not_a_number_is_json_in_a_record_alone(text: str) -> None:
    with pytest.raises(ValueError, match="isn't JSON"):
        read(text)
    assert carried(read(text, constants=True)).problems == (NUMBER,)


@pytest.mark.parametrize("text", ["", "{", "\0", "[]", "7", '"x"', "{" * 9, nested(50_000)])
def test_a_record_that_isnt_an_object_is_named(text: str) -> None:
    with pytest.raises(ContractError, match=r"^record: .*outcomes table"):
        read_record(text)


@pytest.mark.parametrize("name", ["other", "reason", "caller"])
def test_a_record_nested_too_deep_beside_its_result_says_so(name: str) -> None:
    with pytest.raises(ContractError, match="more than 32 levels"):
        read_record(f'{{"{name}": {nested(LEVELS + 1)}}}')


def test_the_advice_says_what_became_text() -> None:
    record = read_record(f'{{"advice": "Look.", "result": {BIG}, "reason": "\\u0000"}}')
    assert record["result"] == str(BIG)
    assert record["reason"] == REPLACEMENT
    assert record["advice"].startswith(
        "Look. The container's result has values that Airflow can't carry"
    )
    assert "The outcome has values that Airflow can't carry" in record["advice"]


@given(CARRIABLE)
def test_a_good_record_is_read_as_it_is(result: Any) -> None:
    record = {"advice": "Look.", "result": result, "reason": "é"}
    found = read_record(msgspec.json.encode(record).decode())
    assert found == {name: value for name, value in record.items() if value is not None}


@pytest.mark.parametrize("payload", [nested(300_000), '{"x": ' + nested(300_000) + "}"])
def test_a_message_nested_too_deep_breaks_the_contract(payload: str) -> None:
    with pytest.raises(ContractError):
        decode(Launched, payload)


@pytest.mark.parametrize("payload", ['{"run_id": "\ud800"}', {"backend": "\ud800"}])
def test_a_message_with_half_a_pair_breaks_the_contract(payload: Any) -> None:
    with pytest.raises(ContractError) as broken:
        decode(Launched, payload)
    str(broken.value).encode()


@pytest.mark.parametrize("number", [-1.5e19, -(2.0**63) - 4096, 2.0**64, 1e22])
def test_a_number_that_postgresql_makes_an_integer_past_the_frame_is_text(number: float) -> None:
    assert carried({"n": [number]}).value == {"n": [repr(number)]}
    assert carried(read(repr(number))).problems


@pytest.mark.parametrize("number", [-(2.0**63), 1.8e19, -1e18, 0.1, -0.0])
def test_a_number_within_the_frame_stays(number: float) -> None:
    assert carried(number) == (number, ())
    msgspec.msgpack.encode(int(number))
