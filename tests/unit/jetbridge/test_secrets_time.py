"""Masking takes time that grows with a line's length and no faster, whatever the line."""

import os
import time
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.secret_values import secret_lines

from jetbridge.secrets import lines
from jetbridge.secrets.forms import MASK
from jetbridge.secrets.lines import masked, masked_text
from jetbridge.secrets.values import masked_value

NIGHT = os.environ.get("JETBRIDGE_PROPERTIES") == "nightly"
CHARACTERS = 16_000 if NIGHT else 8_000
# From n to 4n, linear work takes four times as long and quadratic work sixteen times.
GROWTH = 9
MEASUREMENTS = 5
# Below this many seconds, only the clock's noise is measured.
LEAST_SECONDS = 0.004
# How many times as much a hostile character may cost as one of an ordinary line.
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
    "%3D", "%25", "%2525", "password%3Da%26", "%22password%22%3A", "a%3D ",
    "cGFzc3dvcmQ9aHVudGVyMg== ", "cGFzc3dvcmQ9", "-_", "a/b/",
]  # fmt: skip
PAIRS = [f"{a}{b}" for a, b in list(product(PIECES, PIECES))[:: 397 if NIGHT else 794]]


def _masked_line(line: str) -> None:
    masked([line])


def _seconds_of(work: Callable[[str], object], value: str) -> float:
    start = time.process_time()
    work(value)
    return time.process_time() - start


def _growth(
    work: Callable[[str], object], small: str, large: str, bound: float
) -> tuple[float, float]:
    """The seconds of the small value, and how many times longer the large one takes.

    Each is the least of some measurements: other processes of the machine only add time, so what
    looks slow is measured again.
    """
    once = fourfold = growth = float("inf")
    for _ in range(MEASUREMENTS):
        once = min(once, _seconds_of(work, small))
        fourfold = min(fourfold, _seconds_of(work, large))
        growth = fourfold / max(once, LEAST_SECONDS)
        if growth < bound:
            break
    return once, growth


def _grown(piece: str, characters: int) -> str:
    return (piece * (characters // len(piece) + 1))[:characters]


@pytest.fixture(scope="module")
def ordinary() -> float:
    line = '{"timestamp": "2026-03-01T00:00:29Z", "level": "info", "event": "loaded", "rows": 7} '
    masked([case.line for case in secret_lines()])
    grown = _grown(line, CHARACTERS)
    return min(_seconds_of(_masked_line, grown) for _ in range(2))


@pytest.mark.parametrize("piece", [*PIECES, *PAIRS])
def test_hostile_lines_take_linear_time(piece: str, ordinary: float) -> None:
    small, large = (_grown(piece, times * CHARACTERS) for times in (1, 4))
    once, growth = _growth(_masked_line, small, large, GROWTH)
    assert growth < GROWTH, "the time grows faster than the line"
    assert once < DEARER * max(ordinary, LEAST_SECONDS)


@settings(max_examples=settings().max_examples // 6)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5))
def test_mixed_pieces_take_linear_time(pieces: list[str]) -> None:
    piece = "".join(pieces)
    small, large = (_grown(piece, times * CHARACTERS) for times in (1, 4))
    assert _growth(_masked_line, small, large, GROWTH)[1] < GROWTH


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


# What a value may begin with, and what its patterns repeat.
PREFIXES = [
    "", "password=a", "password=", 'password="', "password='", 'password=\\"', "password=[",
    "password={", "token: ", "Authorization: AWS4 ", "Authorization: ", "Cookie: a=", "--password ",
    "PWD=/", "value=", "name=", "<password>", "://u:p", "eyJ", "AKIAQWERTYUIOP123456 ", "sk-", "(",
    "login a password ", "PASSWORD '", "('password','", "-----BEGIN RSA PRIVATE KEY-----", "SG.",
]  # fmt: skip
RUNS = [
    ")", ")]}", "]", "}", "\\", '"', "'", "`", "(", "[{(", ",", ";", "&", ".", "-", "_", "=", ":",
    "/", "|", "<", ">", "%", "@", " ", "\t", "\n", "a", "A1", "a-", "eyJ-", '\\"', "''", '""', ",a",
    "PWD=/(", "Authorization: AWS4 a'", "Cookie: '", 'value={ name=password ', "a=(",
]  # fmt: skip
SIZES = (CHARACTERS, 4 * CHARACTERS)
# Linear work on four times the characters takes four times as long, quadratic work sixteen times.
FOURFOLD = 8
# Quadratic work on this many characters would take seconds.
LONG_SECONDS = 0.1
# A push tries few of the many pairs of a prefix and a run, and a night more of them.
APART = 7 if NIGHT else 59


@pytest.fixture
def uncut(monkeypatch: pytest.MonkeyPatch) -> None:
    """What bounds the work must not hide how it grows."""
    monkeypatch.setattr(lines, "TEXT_CHARACTERS", 1024 * 1024)


@pytest.mark.usefixtures("uncut")
@pytest.mark.parametrize(
    ("work", "part"), [(masked_value, 0), (masked_text, 1)], ids=["result", "text"]
)
def test_results_of_one_run_of_marks_take_linear_time(
    work: Callable[[str], object], part: int, capsys: pytest.CaptureFixture[str]
) -> None:
    work("warm=up password=x")
    longest, slow = (0.0, ""), []
    for prefix, run in list(product(PREFIXES, RUNS))[part::APART]:
        whole = _seconds_of(work, f"{prefix}{_grown(run, SIZES[-1])}x")
        longest = max(longest, (whole, prefix + run))
        if whole < LONG_SECONDS:
            continue
        small, large = (f"{prefix}{_grown(run, size)}x" for size in SIZES)
        if (growth := _growth(work, small, large, FOURFOLD)[1]) >= FOURFOLD:
            slow.append((prefix, run, growth))
    with capsys.disabled():
        print(f"\nlongest of {SIZES[-1]} characters: {longest[0]:.3f} s, {longest[1]!r}")
    assert slow == []


@pytest.mark.usefixtures("uncut")
@pytest.mark.parametrize("make", [
    lambda n: "password=a" + ")" * n + "x",
    lambda n: "password=a" + ")]}" * (n // 3) + "x",
    lambda n: 'password="' + "\\" * n + "x",
    lambda n: "PWD=/(" * (n // 6),
    lambda n: "Authorization: AWS4 a'" * (n // 22),
    lambda n: 'password=["' + "\\" * n + "x",
])  # fmt: skip
def test_what_was_quadratic_is_linear(make: object, capsys: pytest.CaptureFixture[str]) -> None:
    masked_value("warm=up password=x")
    small, large = (make(size) for size in SIZES)  # type: ignore[operator]
    growth = _growth(masked_value, small, large, FOURFOLD)[1]
    with capsys.disabled():
        seconds = _seconds_of(masked_value, large)
        print(f"\n{make(24)!r} {seconds * 1000:.1f} ms, {growth:.1f} times")  # type: ignore[operator]
    assert growth < FOURFOLD


@pytest.mark.parametrize("fill", ["x ", "x", ") "])
def test_a_secret_behind_what_is_looked_through_is_not_shown(fill: str) -> None:
    room = lines.TEXT_CHARACTERS
    for before in (room - 20, room - 9, room, 2 * room):
        shown = masked_text(f"{_grown(fill, before)} Sek1Sek1Sek1Sek1Sek1Sek1 and more")
        assert "Sek1" not in shown
        assert shown.endswith(f"{MASK}…")
    assert masked_text(_grown(fill, room)) == _grown(fill, room)
