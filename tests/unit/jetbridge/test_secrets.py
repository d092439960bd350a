"""Secrets-looking values in the last lines of a log."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jetbridge.domain.secrets import MASK, masked

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlF"
MASKED = [
    ("password=hunter2", "password=***"),
    ("DB_PASSWORD=hunter2 host=db", "DB_PASSWORD=*** host=db"),
    ("connecting with pwd: hunter2, port 5432", "connecting with pwd: ***, port 5432"),
    ('{"api_key": "abc def", "n": 1}', '{"api_key": ***, "n": 1}'),
    (r"{\"secret\": \"abc\", \"n\": 1}", r"{\"secret\": ***, \"n\": 1}"),
    ("tool --token abc123 --verbose", "tool --token *** --verbose"),
    ("postgres://ana:hunter2@db/sales", "postgres://***@db/sales"),
    ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer ***"),
    ("key id AKIAIOSFODNN7EXAMPLE used", "key id *** used"),
    (f"got {TOKEN}", "got ***"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = ***"),
    ("url?access_token=abc&page=2", "url?access_token=***&page=2"),
    ("GITHUB ghp_" + "a" * 36, "GITHUB ***"),
]
KEPT = [
    "",
    "rows: 7 ä",
    "the password is wrong",
    "401 invalid token for user ana",
    "3 tokens=9 left",
    "https://host:8080/path",
    "mail ana@example.org: done",
    "monkey=banana keyboard: qwerty",
    "Basic usage of the tool",
]


@pytest.mark.parametrize(("line", "shown"), MASKED)
def test_masked(line: str, shown: str) -> None:
    assert masked([line]) == [shown]
    assert masked([shown]) == [shown], "masking twice changes nothing"


@pytest.mark.parametrize("line", KEPT)
def test_other_lines_stay(line: str) -> None:
    assert masked([line]) == [line]


def test_a_private_key_is_masked_over_all_its_lines() -> None:
    lines = [
        "begin",
        "-----BEGIN RSA PRIVATE KEY-----",
        "MIIE",
        "x==",
        "-----END RSA PRIVATE KEY-----",
    ]
    assert masked([*lines, "end"]) == ["begin", MASK, MASK, MASK, MASK, "end"]


@given(st.text(alphabet=st.characters(whitelist_categories=["L", "N", "Z"])))
def test_text_without_marks_stays(text: str) -> None:
    assume(not re.search("bearer|basic|AKIA|ASIA", text, re.IGNORECASE))
    assert masked([text]) == [text]


@pytest.mark.parametrize(
    "line", ["a_" * 50_000, "password" * 20_000, "://" * 40_000, '"' * 100_000, "token=" * 20_000,
             "x" * 200_000 + "=", "eyJ" * 60_000, "-" * 200_000]
)  # fmt: skip
def test_long_lines_are_masked_in_no_time(line: str) -> None:
    assert len(masked([line])) == 1
