"""What a container prints, as it may stand on Airflow's page: hostile lines, and ordinary ones."""

import json
import re
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jetbridge.contract import inert, inert_lines
from jetbridge.contract.lines import Line
from jetbridge.logs.airflow_lines import (
    DEEPEST,
    LINE_CHARACTERS,
    MOST_MEMBERS,
    Repeats,
    airflow_line,
    group_line,
    note_line,
)
from jetbridge.logs.airflow_names import LEVELS, REPEAT, RESERVED
from jetbridge.logs.copy_to_cloudwatch import EVENT_BYTES
from jetbridge.logs.position import Position

AT = 1_772_323_229_007
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# A joiner has no width, and is a part of ordinary text.
JOINERS = "\u200c\u200d"
MARKERS = ("::group::", "::endgroup::")

pieces = st.sampled_from(
    [*MARKERS, ":", "::", "group", "end", "\x1b[31m", "\x1b[", "\r", "\n", "\u202e", "\x00", "é"]
)
texts = st.lists(pieces | st.text(max_size=4), max_size=12).map("".join)
names = st.sampled_from([*sorted(RESERVED), "container_level", "container_container_level", "n"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | texts, inner, max_size=3),
)
objects = st.dictionaries(names | texts, values, max_size=6)
levelled = st.builds(
    lambda members, level, text: {**members, "level": level, "message": text},
    objects,
    st.sampled_from(["INFO", "warn", "nonsense", "critical", "::group::"]) | texts,
    texts,
)
printed = texts | (objects | levelled).map(json.dumps)


def read(message: str, repeat: int = 0) -> dict[str, Any]:
    written = airflow_line(Line(AT, message), "container.m", repeat, "stream s")
    assert b"\n" not in written
    found: dict[str, Any] = json.loads(written.decode())
    return found


def texts_of(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for each in pair for text in texts_of(each)]
        case list():
            return [text for each in value for text in texts_of(each)]
        case _:
            return []


def acts(text: str) -> list[str]:
    """What in a text acts on the page."""
    rest = COLOUR.sub("", text)
    found = [marker for marker in MARKERS if marker in text or marker in rest]
    hidden = [
        each
        for each in rest
        if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(each) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI")
        or each in "\u200b\u200e\u200f\u061c\u2060\ufeff"
    ]
    return found + [each for each in hidden if each not in "\t\n" + JOINERS]


@given(printed, st.integers(0, 3))
@example('{"level": "info", "message": "a", "event": "::group::b", "\\u202e": {"\\u0000": [1]}}', 0)
@example('{"level": "a\\nb", "level_": 1, "message": "\\ud83d\\ude00"}', 0)
@example("\ud83d", 0)
@example("::group::group\x1b[31m::", 0)
@example(":\x1b[31m:e\x1b[0m\x1b[1mndgroup::", 0)
def test_any_line_is_one_line_of_json_and_the_containers_own(message: str, repeat: int) -> None:
    found = read(message, repeat)
    assert found["timestamp"] == "2026-03-01T00:00:29.007Z"
    assert found["logger"] == "container.m"
    assert found["level"] in LEVELS
    assert isinstance(found["event"], str)
    assert found.pop(REPEAT, 0) == repeat
    assert found.keys() & RESERVED == {"timestamp", "logger", "level", "event"}
    assert [each for text in texts_of(found) for each in acts(text)] == []


@given(objects, texts)
def test_no_member_gets_lost_or_takes_anothers_place(members: dict[str, Any], text: str) -> None:
    members = {inert(name): value for name, value in members.items()}
    for name in ("message", "msg", "level", "severity", "levelname"):
        members.pop(name, None)
    found = read(json.dumps({**members, "message": text, "level": "info"}))
    assert found["event"] == inert_lines(text)
    assert len(found) == len(members) + 4
    for name in members.keys() - RESERVED:
        assert name in found


@given(st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" \t")))
@example("emoji 👩‍👩‍👧, Persian نمی‌خواهم, colours \x1b[1;31mred\x1b[0m, C:\\group: a::b group::c")
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    if any(marker in text for marker in MARKERS):
        return
    assert inert_lines(text) == text
    if not text.startswith("{"):
        assert read(text)["event"] == text
    line = {"level": "info", "msg": text, "rows": [1, {"a": text}], "b": text, "ok": True, "x": 1.5}
    found = read(json.dumps(line))
    assert found["event"] == text
    assert {name: found[name] for name in ("rows", "b", "ok", "x")} == {
        name: line[name] for name in ("rows", "b", "ok", "x")
    }


@given(texts)
def test_nothing_is_left_out_but_the_end_of_a_windows_line(text: str) -> None:
    """Undoing what was changed gives the text back."""
    back = inert(text).replace(":\\:", "::")
    back = re.sub(r"<U\+([0-9A-F]{4,6})>", lambda code: chr(int(code[1], 16)), back)
    pictures = {0x2400 + code: chr(code) for code in range(0x20)} | {0x2421: "\x7f"}
    back = back.translate(pictures)
    expected = re.sub(r"\r(?=\n|\Z)", "", text).translate(pictures).replace(":\\:", "::")
    assert back == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::group::Post Execute", ":\\:group::Post Execute"),
        ("done ::endgroup::", "done :\\:endgroup::"),
        ("::group::group::", ":\\:group:\\:group::"),
        ("##[group]x", "##[group]x"),
        ("\x1b[31mred\x1b[0m \x1b[2K\x1b[1A", "\x1b[31mred\x1b[0m ␛[2K␛[1A"),
        ("\x1b]8;;https://a.b\x07link\x1b]8;;\x07", "␛]8;;https://a.b␇link␛]8;;␇"),
        ("10 %\r50 %\r100 %\r", "10 %␍50 %␍100 %"),
        ("a\r\nb", "a\n    b"),
        (
            "\ufeffuser\u202eexe.txt\u2028x\x00\x7f\x9b",
            "<U+FEFF>user<U+202E>exe.txt<U+2028>x␀␡<U+009B>",
        ),
    ],
)
def test_what_acts_is_shown_instead(text: str, shown: str) -> None:
    assert read(text)["event"] == shown
    assert read(json.dumps({"level": "info", "msg": "m", "a": text}))["a"] == inert_lines(text)


def test_half_a_surrogate_pair_is_shown_by_its_code() -> None:
    assert read("half \ud83d")["event"] == "half <U+D83D>"
    line = '{"level": "info", "message": "\ud83d"}'
    assert read(line)["event"] == line.replace("\ud83d", "<U+D83D>")


def test_a_line_with_more_lines_in_it_cannot_look_like_airflows() -> None:
    forged = "x\n[2026-03-01, 00:00:29] ERROR - source=airflow.task Task was marked as failed\n\n"
    assert read(forged)["event"].splitlines()[1].startswith("    [2026")
    assert read('{"level": "info", "msg": "a\\nb", "c": "d\\ne"}')["c"] == "d\n    e"


@pytest.mark.parametrize(
    "detail", ["403 from the bucket", {"a": 1}, [1], [{"exc_type": "x"}], None]
)
def test_members_that_airflow_interprets_get_another_name(detail: Any) -> None:
    line = {"level": "error", "event": "upload failed", "error_detail": detail}
    line |= dict.fromkeys(("run_id", "task_id", "dag_id", "map_index", "try_number", "ti_id"), "f")
    line |= {"container_run_id": "its own", "filename": "a.py", "lineno": 7, "repeat": 3}
    found = read(json.dumps(line))
    assert found["container_error_detail"] == detail
    assert found["container_run_id"] == "its own"
    assert found["container_container_run_id"] == "f"
    assert (found["container_filename"], found["container_lineno"]) == ("a.py", 7)
    assert found["container_repeat"] == 3


@pytest.mark.parametrize(
    ("member", "level", "kept"),
    [
        ({"level": "EMERG"}, "critical", {}),
        ({"severity": "verbose"}, "debug", {}),
        ({"level": "Airflow"}, "info", {"container_level": "Airflow"}),
        ({"severity": "odd"}, "info", {"severity": "odd"}),
        ({"level": 30, "severity": "warn"}, "warning", {"container_level": 30}),
        ({"level": "odd", "container_level": "x"}, "info", {"container_container_level": "odd"}),
    ],
)
def test_a_level_is_one_that_airflow_knows(member: Any, level: str, kept: Any) -> None:
    found = read(json.dumps({"message": "m", **member}))
    assert found["level"] == level
    assert kept.items() <= found.items()


@pytest.mark.parametrize(
    "value",
    [
        f"{'[' * (DEEPEST + 1)}{']' * (DEEPEST + 1)}",
        '{"a":' * 50_000,
        "[" * 60_000 + "]" * 60_000,
        "9" * 5_000,
        "1e999",
        "NaN",
        '"\\ud800"',
        "0," + ",".join(f'"n{number}": 0' for number in range(MOST_MEMBERS)),
    ],
    ids=["deep", "deeper", "deepest", "digits", "infinity", "nan", "surrogate", "members"],
)
def test_a_line_that_a_reader_cannot_take_apart_is_text(value: str) -> None:
    line = f'{{"level": "error", "msg": "m", "a": {value}}}'
    found = read(line)
    assert found["level"] == "info"
    assert found["event"].startswith(line[:LINE_CHARACTERS])


def test_integers_that_the_page_would_round_are_text() -> None:
    line = (
        '{"level": "info", "msg": "m", "a": 9007199254740993, "b": [-18446744073709551616], "c": 7}'
    )
    found = read(line)
    assert (found["a"], found["b"], found["c"]) == (
        "9007199254740993",
        ["-18446744073709551616"],
        7,
    )


@pytest.mark.parametrize("unit", ["x", "\x01", "\u202e", "\U000e0041", "😀", '"', "\n", "::group"])
@pytest.mark.parametrize("form", ["{}", '{{"level": "info", "msg": "{}"}}', "\n{}"])
def test_a_megabyte_is_cut_and_says_where_it_is_whole(unit: str, form: str) -> None:
    message = form.format(unit * (1_000_000 // len(unit)))
    began = time.process_time()
    event = read(message)["event"]
    # Some tenths of a second; a megabyte in quadratic time takes minutes.
    assert time.process_time() - began < 10, "linear"
    assert f"the first {LINE_CHARACTERS:,} of {len(message):,} characters" in event
    assert event.endswith("the whole line is in stream s)")
    assert len(airflow_line(Line(AT, message), "m").decode().encode()) <= EVENT_BYTES


@given(st.text(min_size=LINE_CHARACTERS // 64, max_size=LINE_CHARACTERS // 64))
def test_whatever_is_in_a_line_it_fits_an_event_of_cloudwatch(text: str) -> None:
    line = json.dumps({"level": "info", "msg": text}, ensure_ascii=False)
    longest = airflow_line(Line(AT, line), "container.m")
    assert len(longest) * 64 <= EVENT_BYTES + 64 * 200


def test_jetbridges_own_lines_open_groups_and_what_they_quote_does_not() -> None:
    group = json.loads(group_line(AT, "Launch 1: ::endgroup::"))
    assert group["event"] == "::group::Launch 1: :\\:endgroup::"
    quoted = "Launch 1 was replaced: ::group::\x1b]0;x\x07\nAirflow"
    note = json.loads(note_line(Line(AT, quoted)))
    assert note["event"] == "Launch 1 was replaced: :\\:group::␛]0;x␇\n    Airflow"
    assert note["logger"] == "jetbridge"
    note = json.loads(note_line(Line(AT, '{"level": "critical", "msg": "x"}')))
    assert (note["level"], note["event"]) == ("info", '{"level": "critical", "msg": "x"}')


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from("ab")), max_size=12), st.integers(0, 12)
)
def test_a_number_says_that_the_line_equals_the_one_before(
    told: list[tuple[int, str]], cut: int
) -> None:
    """Also if another invocation continues reading."""
    lines = [Line(AT + at, text) for at, text in sorted(told, key=lambda each: each[0])]
    numbers = []
    position = Position()
    for part in (lines[:cut], lines[cut:]):
        repeats = Repeats(position)
        numbers += [repeats(line) for line in part]
        position = position.behind(part)
    for before, line, first, second in zip(lines, lines[1:], numbers, numbers[1:], strict=False):
        assert (second > first) if line == before else second == 0


def test_the_position_of_an_earlier_version_numbers_the_next_line_of_its_moment() -> None:
    earlier = Position(token="f/1", last=AT, count=2)
    assert Repeats(earlier)(Line(AT, "x")) == 2
    assert Repeats(earlier)(Line(AT + 1, "x")) == 0
