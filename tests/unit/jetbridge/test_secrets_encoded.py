"""Secrets in texts that are percent-encoded or in base64, once or twice."""

import base64
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.ordinary_lines import groups
from jetbridge_testing.secret_values import SecretLine, secret_lines

from jetbridge.secrets.forms import MASK
from jetbridge.secrets.lines import masked, masked_text
from jetbridge.secrets.values import masked_value

Encoding = Callable[[str], str]
KEY = f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{'a' * 60}\nbcd=\n-----END RSA PRIVATE KEY-----\n"
PERCENT: list[Encoding] = [
    quote,
    lambda text: quote(text, safe=""),
    quote_plus,
    lambda text: quote_plus(quote(text, safe="")),
]
BASE64: list[Encoding] = [
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    lambda text: base64.b64encode(quote(text).encode()).decode(),
]
# Behind a name, as a form's field or a query has it.
LINES = [case for case in secret_lines() if case.line.isascii() and len(case.line) > 20]


def _hidden(case: SecretLine) -> list[str]:
    return [secret for secret in case.secrets if secret not in case.shown and len(secret) > 3]


@pytest.mark.parametrize("encoding", range(len(PERCENT)))
def test_a_percent_encoded_secret_is_masked(encoding: int) -> None:
    encode = PERCENT[encoding]
    # A form's + alone doesn't tell that a word is encoded.
    for case in [case for case in LINES if "%" in encode(case.line)]:
        [shown] = masked([f"GET /?body={encode(case.line)} 200"])
        assert shown.startswith("GET /?body=")
        assert shown.endswith(" 200")
        for secret in _hidden(case):
            assert encode(secret) not in shown, (case.line, shown)


@pytest.mark.parametrize("encoding", range(len(BASE64)))
def test_a_secret_in_base64_is_masked(encoding: int) -> None:
    for case in LINES:
        if encoding == 3 and len(case.line.split()) != 1:
            continue
        [shown] = masked([f"value: {BASE64[encoding](case.line)} end"])
        assert shown == f"value: {MASK} end", case.line


@pytest.mark.parametrize("encode", [*PERCENT, *BASE64[:3]])
def test_a_private_key_is_masked_in_each_encoding(encode: Encoding) -> None:
    for text in (KEY, KEY.replace("\n", "\r\n"), KEY.replace("\n", "\\n")):
        line = f"key {encode(text)} end"
        assert "MII" not in masked_text(line)
        [shown], count = masked_value([line])
        assert count == 1
        assert shown == masked_text(line)


def test_what_stands_around_a_secret_keeps_its_encoding() -> None:
    line = "https://h/?a=%7B%22user%22%3A%22b%22%2C%22password%22%3A%22hunter2%22%7D&c=%20d#e"
    assert masked([line]) == [line.replace("hunter2", MASK)]
    assert masked([line.replace("hunter2", MASK)]) == [line.replace("hunter2", MASK)]


def test_a_value_of_json_may_begin_its_own_line() -> None:
    assert masked(['{"SecretAccessKey":', '"hunter2hunter2"}']) == [
        '{"SecretAccessKey":',
        f'"{MASK}"}}',
    ]
    assert masked(["password:", "next: line"]) == ["password:", "next: line"]


@pytest.mark.parametrize("encode", [*PERCENT[:3], *BASE64[:2]])
def test_ordinary_lines_stay_in_each_encoding(encode: Encoding) -> None:
    """The names that other programs' lines have are masked in percent-encoding, too."""
    lines = [
        line
        for name, every in groups().items()
        for line in every[::97]
        if "shapes" not in name and masked([line]) == [line]
    ]
    assert len(lines) > 500
    assert [line for line in lines if masked([encode(line)]) != [encode(line)]] == []


@given(st.text(alphabet="%25370A+D=aB3/-_*: \"'", max_size=200))
def test_no_mixture_of_marks_raises_or_grows(text: str) -> None:
    [shown] = masked([text])
    assert len(shown) <= 3 * len(text) + 3
