"""Masking takes time that grows with a line's length and no faster, whatever the line."""

import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.secret_values import secret_lines

from jetbridge.domain.secrets import masked, masked_value

CHARACTERS = 16_000
# From n to 4n, linear work takes four times as long and quadratic work sixteen times.
GROWTH = 9
# Below so many seconds a clock's own noise is measured.
LEAST_SECONDS = 0.004
# A hostile character may cost so many times as much as one of an ordinary line.
DEARER = 20
PIECES = [
    "eyJ-", "eyJ", "eyJ.", "a.eyJaaaaaaaa.", "://", "://a:", "://a@", "x://u:p/", "://u:p@h ",
    "key=", "token=", "password=", "a=", "a: ", "password: ", 'a="', 'password="', "password='",
    '\\"', "\\", '\\\\"password\\\\":', '"', "'", "password=[", "[", "password={", "((", "a_", "a.",
    "a-", "-", "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----", "-----END ", "-----BEGIN A A A ",
    "PRIVATE KEY", "Private-Lines: 9", "A", "Aa1/", "AKIA", "AKIA ", "ghp_", "sk-", "sk-a", "SG.a",
    "-SG.", "xoxb-", "glpat-", "dp.pt.", "12345678:AA", "<a>", "<password>", "<a ", "</", "login ",
    "login a password ", "docker login ", "docker login -p ", "curl -u ", "--password ", "--a ",
    "PASSWORD '", "IDENTIFIED BY ", "('password',", '("a",', "Bearer ", "Basic aaaaaaaaa ",
    "Authorization: ", "Authorization: AWS4 ", "Cookie: ", "Cookie: a=b;", "a=b; ", "&quot;",
    "&quot;password&quot;:", "\\u0022", "name: ", "name=password,value=", "value=", "value=x name=",
    "[name: ", "key=)@", "password=a(", ",", ";", ",a", "&a", "password=,a", "password=a,b", ")",
    "password=)", "}", "password=%26", " ", "\t", "  a", "jdbc:oracle:thin:a/", "@", "a@", "://a/@",
    "0", "a1b2c3d4e5f6g7h8", "$password=", "password|", "| ", "=>", "==", "::", "- password: a ",
    "hooks.slack.com/services/", "a" * 200 + " ", "ä", "\x00", "sharedaccesssignature=sv=1&",
    'password=f("', 'password=""', "''", "password=''a", "token: a ", "nextToken=",
    "token=arn:aws:kms:",
    "(password,", "sig=a", "auth=a1", "password: |", "credentials=[",
]  # fmt: skip
PAIRS = [f"{a}{b}" for a, b in list(product(PIECES, PIECES))[::397]]


def _seconds(line: str) -> float:
    """The least CPU time of two tries: other work on the machine only adds to it."""
    found = []
    for _ in range(2):
        start = time.process_time()
        masked([line])
        found.append(time.process_time() - start)
    return min(found)


def _grown(piece: str, characters: int) -> str:
    return (piece * (characters // len(piece) + 1))[:characters]


@pytest.fixture(scope="module")
def ordinary() -> float:
    line = '{"timestamp": "2026-03-01T00:00:29Z", "level": "info", "event": "loaded", "rows": 7} '
    masked([case.line for case in secret_lines()])
    return _seconds(_grown(line, CHARACTERS))


@pytest.mark.parametrize("piece", [*PIECES, *PAIRS])
def test_hostile_lines_take_linear_time(piece: str, ordinary: float) -> None:
    once, fourfold = (_seconds(_grown(piece, times * CHARACTERS)) for times in (1, 4))
    assert fourfold < GROWTH * max(once, LEAST_SECONDS), "the time grows faster than the line"
    assert once < DEARER * max(ordinary, LEAST_SECONDS)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5))
def test_mixed_pieces_take_linear_time(pieces: list[str]) -> None:
    piece = "".join(pieces)
    once, fourfold = (_seconds(_grown(piece, times * CHARACTERS)) for times in (1, 4))
    assert fourfold < GROWTH * max(once, LEAST_SECONDS)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="""eyJ.-_=:/@"'\\[]{}()<>,;& \tAa1|$%#\x00ä""", max_size=300))
def test_any_mixture_of_marks_is_masked_once_and_for_all(text: str) -> None:
    [shown] = masked([text])
    assert len(shown) <= 3 * len(text) + 3


@pytest.mark.parametrize("many", [
    lambda n: ["password=x"] * n,
    lambda n: {f"token{i}": "x" for i in range(n)},
    lambda n: [{"name": "password", "value": "x"}] * n,
    lambda n: "\n".join(["-----BEGIN PRIVATE KEY-----"] * n),
    lambda n: "\n".join(["a"] * n + ["-----END PRIVATE KEY-----"]),
    lambda n: {f"ghp_{'a' * 36}{i}": i for i in range(n)},
])  # fmt: skip
def test_hostile_results_take_linear_time(many: object) -> None:
    def seconds(count: int) -> float:
        value = many(count)  # type: ignore[operator]
        start = time.process_time()
        masked_value(value)
        return time.process_time() - start

    seconds(10)
    once, fourfold = (min(seconds(n) for _ in range(2)) for n in (1_500, 6_000))
    assert fourfold < GROWTH * max(once, LEAST_SECONDS)
