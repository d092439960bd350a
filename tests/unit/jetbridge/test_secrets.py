"""Secrets-looking values in lines, sentences and last lines of logs."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jetbridge_testing.ordinary_lines import aws_words
from jetbridge_testing.secret_values import SecretLine, secret_lines, values

from jetbridge.contract.lines import LINE_CHARACTERS, LINES_BYTES
from jetbridge.secrets.forms import MASK, has_secret_form
from jetbridge.secrets.lines import (
    MASKED_CHARACTERS,
    TOTAL_CHARACTERS,
    masked,
    masked_tails,
    masked_text,
)
from jetbridge.secrets.names import names_a_secret

LINES = secret_lines()
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
    "nextToken=f/3700123 limit=5",
    "password=${DB_PASSWORD} token=None secret=<redacted>",
    'raise Refused("no token")',
]
KEY = ["-----BEGIN RSA PRIVATE KEY-----", "MIIE" + "a" * 60, "x==", "-----END RSA PRIVATE KEY-----"]
BODY = ["MIIE" + "b" * 60] * 3
PUTTY = ["PuTTY-User-Key-File-3: ssh-rsa", "Private-Lines: 2", "AAAA", "BBBB", "Private-MAC: 12"]
PGP = ["-----BEGIN PGP PRIVATE KEY BLOCK-----", "Version: GnuPG v2", "", "lQOY" + "a" * 60, "=abcd",
       "-----END PGP PRIVATE KEY BLOCK-----"]  # fmt: skip


def test_there_are_enough_forms() -> None:
    assert len(LINES) >= 350


@pytest.mark.parametrize("case", LINES, ids=lambda case: case.line[:60])
def test_a_secret_is_masked_and_the_rest_of_its_line_stays(case: SecretLine) -> None:
    assert masked([case.line]) == [case.shown]
    assert masked([case.shown]) == [case.shown], "masking twice changes nothing"


@pytest.mark.parametrize("before", ["2026-03-01T00:00:29Z INFO ", "[worker-1] ", '"', "\t"])
def test_what_a_logger_puts_before_a_line_hides_no_secret(before: str) -> None:
    # Behind other words nobody can tell where a phrase of YAML ends.
    phrases = [case for case in LINES if "correct horse" in case.line]
    for case in [case for case in LINES if case not in phrases]:
        [shown] = masked([f"{before}{case.line}"])
        gone = [secret for secret in case.secrets if secret not in case.shown]
        assert not [secret for secret in gone if secret in shown], shown


@pytest.mark.parametrize("line", [*KEPT, *aws_words()])
def test_other_lines_stay(line: str) -> None:
    assert masked([line]) == [line]


@pytest.mark.parametrize("key", [KEY, PGP], ids=["PEM", "PGP"])
@pytest.mark.parametrize("before", ["", "2026-03-01T00:00:29Z INFO "])
def test_a_private_key_is_masked_over_all_its_lines(key: list[str], before: str) -> None:
    shown = masked(["begin", *[f"{before}{line}" for line in key], "end"])
    assert shown == ["begin", f"{before}{MASK}", *[MASK] * (len(key) - 1), "end"]


def test_a_putty_key_is_masked() -> None:
    assert masked([*PUTTY, "end"]) == [*PUTTY[:2], MASK, MASK, PUTTY[4], "end"]


def test_a_key_without_an_end_hides_the_lines_that_look_like_one_and_no_others() -> None:
    assert masked([KEY[0], *BODY, "INFO done", "x"]) == [MASK] * 4 + ["INFO done", "x"]


def test_a_key_whose_beginning_is_not_among_the_lines_is_masked() -> None:
    assert masked(["INFO begin", *BODY, "QUJD", KEY[3], "x"]) == ["INFO begin", *[MASK] * 5, "x"]


def test_a_key_that_begins_before_the_last_lines_is_masked() -> None:
    [shown] = masked_tails([["a"] * 50 + KEY[:1] + ["QUJD"] * 60 + KEY[3:] + ["end"]], 20)
    assert shown == [MASK] * 19 + ["end"]


def test_a_secret_in_the_lines_behind_its_access_key_id() -> None:
    made = values()
    lines = [f"id: {made['ASIA']}", made["secret40"], "a", "b", "c", "d" * 40]
    assert masked(lines) == [f"id: {MASK}", MASK, "a", "b", "c", "d" * 40]


def test_the_value_in_the_line_behind_its_name() -> None:
    lines = ["- name: DB_PASSWORD", "  value: hunter2", "- name: A", "  value: 1"]
    assert masked(lines) == ["- name: DB_PASSWORD", f"  value: {MASK}", "- name: A", "  value: 1"]


def test_a_block_of_yaml() -> None:
    lines = ["password: |", "  hunter2", "  more", "user: ana"]
    assert masked(lines) == ["password: |", f"  {MASK}", f"  {MASK}", "user: ana"]


def test_a_text_of_several_lines() -> None:
    assert masked_text("a\n" + "\n".join(KEY)) == "a\n" + "\n".join([MASK] * 4)


def test_half_a_secret_at_the_cut_of_a_line_is_not_shown() -> None:
    secret = values()["ghp"]
    hidden = "password=" + "x" * (MASKED_CHARACTERS - 30)
    [[shown]] = masked_tails([[f"{hidden} {secret} and more"]], 5)
    assert len(shown) <= LINE_CHARACTERS
    assert secret[:8] not in shown


def test_no_more_is_masked_than_an_outcome_keeps() -> None:
    tails = [["x " * 3_000] * 200 for _ in range(10)]
    shown = masked_tails(tails, 100)
    count = sum(len(lines) for lines in shown)
    assert sum(len(line) for lines in shown for line in lines) <= TOTAL_CHARACTERS
    assert count * LINE_CHARACTERS >= LINES_BYTES * 0.9, "what is kept is filled"
    assert masked_tails([["a", "b"], ["c", "d", "e"]], 2) == [["a", "b"], ["d", "e"]]
    assert masked_tails([["a"], []], 0) == [[], []]


@given(st.text(alphabet=st.characters(whitelist_categories=["L", "N", "Z"])))
def test_text_without_marks_stays(text: str) -> None:
    assume(not re.search("bearer|basic|AKIA|ASIA|ABIA|ACCA|A3T", text, re.IGNORECASE))
    assert masked([text]) == [text]


@given(st.lists(st.sampled_from([case.line for case in LINES]), max_size=4))
def test_secrets_side_by_side_are_all_masked(lines: list[str]) -> None:
    """A line's secrets are masked, whatever the lines before it contain."""
    for line, shown in zip(lines, masked(lines), strict=True):
        case = next(case for case in LINES if case.line == line)
        assert shown == MASK or not [
            secret for secret in case.secrets if secret in shown and secret not in case.shown
        ]


@pytest.mark.parametrize(
    ("name", "secret"),
    [("DB_PASSWORD", True), ("dbPassword", True), ("db.password", True), ("apiKey", True),
     ("AWS_SECRET_ACCESS_KEY", True), ("SSHPASS", True), ("token2", True), ("clientSecret", True),
     ("fs.s3a.secret.key", True), ("PASS", True), ("connectionString", True), ("_authToken", True),
     ("nextToken", False), ("BYPASS", False), ("tokens", False), ("author", False), ("key", False),
     ("pad_token", False), ("password_age", False), ("monkey", False), ("", False)],
)  # fmt: skip
def test_names(name: str, secret: bool) -> None:
    assert names_a_secret(name) is secret


def test_values_with_a_secret_form() -> None:
    made = values()
    for value in (made["AKIA"], f"x {made['ghp']}", "postgres://a:b@c/d", KEY[0], made["jwt"]):
        assert has_secret_form(value)
    for value in ("", "plain", "https://host/path", "hunter2", "s3://bucket/key"):
        assert not has_secret_form(value)


@pytest.mark.parametrize(("lines", "shown"), [
    (["password:", "  hunter2", "user: ana"], ["password:", f"  {MASK}", "user: ana"]),
    (['"password":', '  "hunter2",', '"n": 1'], ['"password":', f'  "{MASK}",', '"n": 1']),
    (["passwords:", "  - hunter2", "  - other1", "n: 1"],
     ["passwords:", f"  - {MASK}", f"  - {MASK}", "n: 1"]),
    (['  "passwords": [', '    "hunter2",', '    "other1"', "  ],", '  "n": "x"'],
     ['  "passwords": [', f'    "{MASK}",', f'    "{MASK}"', "  ],", '  "n": "x"']),
    (['  ["password"]=>', '  string(7) "hunter2"', "}"],
     ['  ["password"]=>', f'  string(7) "{MASK}"', "}"]),
    (["secret:", "  name: app", "  key: x"], ["secret:", "  name: app", "  key: x"]),
    (["Enter your password:", "  connected to db"], ["Enter your password:", "  connected to db"]),
    (["password:", "hunter"], ["password:", "hunter"]),
    (["pass: hunter2", "pass: epoch"], [f"pass: {MASK}", "pass: epoch"]),
])  # fmt: skip
def test_a_value_in_the_line_below_its_name(lines: list[str], shown: list[str]) -> None:
    assert masked(lines) == shown


@given(
    st.lists(st.sampled_from(["\x1b[36m", "\x1b[0m", "\x1b[1;31m", "a", "=", " ", "password=x1 ",
                              "token", "***", "***, b ", "x"]), max_size=12)
)  # fmt: skip
def test_colours_change_nothing_in_what_is_masked(parts: list[str]) -> None:
    line = "".join(parts)
    bare = re.sub("\x1b\\[[0-9;]*m", "", line)
    [shown], [expected] = masked([line]), masked([bare])
    assert re.sub("\x1b\\[[0-9;]*m", "", shown) == expected
    assert shown.count("\x1b") == line.count("\x1b")


def test_a_name_inside_the_value_that_it_names_shows_nothing_of_it() -> None:
    [shown] = masked(['value="x name=password secret=abc hunter2'])
    assert "hunter2" not in shown
    assert "abc" not in shown


@pytest.mark.parametrize("line", [
    "password.length=8", "TOKEN_ID=abc123", 'token = request.headers.get("X")',
    "'password' => env('DB_PASSWORD'),", "pass=10%", "PASS: login works", "2 pass: abc1 done",
    "--login -p 5432", "ENV PATH /usr/bin", "secret_name=app", "tokenType: bearer7",
    "api_key: set", "token: missing", "Mounting secret: db-creds", "prompt_tokens=12345",
])  # fmt: skip
def test_names_that_only_look_like_a_secrets(line: str) -> None:
    assert masked([line]) == [line]
