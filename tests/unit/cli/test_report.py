"""``jetbridge report``: the figures and the page of runs that a stack in moto has."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cli_stack import Bridge
from hypothesis import given
from hypothesis import strategies as st
from operated import CLUSTER_TASK, NOW, SECRET, airflow, failed, outcome_of, run_of, schedule

from jetbridge.contract import Cause, Death, State, Usage
from jetbridge.runs.run import Status
from jetbridge_cli.operate.pricing import Sum
from jetbridge_cli.report.bars import timeline_of
from jetbridge_cli.report.data import Report
from jetbridge_cli.report.lines import Launch, RunLine
from jetbridge_cli.report.page import page_of
from jetbridge_cli.report.sums import bucket_seconds, lags_of, nearest_rank, throughput_of

HOUR = Usage(
    launch_type="FARGATE", vcpu=1, memory_mib=2048, seconds=3600, architecture="x86_64", spot=False
)
SINCE = "2026-11-23T00:00:00Z"
UNTIL = "2026-11-24T00:00:00Z"


@pytest.fixture
def history(bridge: Bridge) -> Bridge:
    """One run that succeeded, one that failed after a lost launch, one in progress."""
    good = run_of("good", airflow())
    bridge.accepted(good, status=Status.ENDED, launched_at=NOW + 2, ended_at=NOW + 11)
    bridge.sealed(outcome_of(good, at=12, usage=HOUR))
    death = Death(
        launch=1, cause=Cause.HOST_LOSS, reason="host gone", backend_id=CLUSTER_TASK, at=NOW + 3
    )
    bad = run_of("bad", schedule())
    bridge.accepted(
        bad,
        status=Status.ENDED,
        launch=2,
        deaths=[death],
        not_before=NOW + 5,
        launched_at=NOW + 6,
        ended_at=NOW + 20,
    )
    bridge.sealed(failed(outcome_of(bad, at=21, launches=2, deaths=[death], usage=HOUR)))
    bridge.accepted(run_of("going", airflow("other")))
    return bridge


def report(bridge: Bridge, *options: str) -> dict[str, Any]:
    found = bridge.json("report", "--since", SINCE, "--until", UNTIL, *options)
    assert isinstance(found, dict)
    return found


def test_the_figures_are_those_of_the_tables(history: Bridge) -> None:
    found = report(history)
    assert found["counts"] == {"succeeded": 1, "failed": 1, "stopped": 0, "unfinished": 1}
    assert (found["replaced"], found["left_out"], found["problems"]) == (1, 0, 0)
    causes = {each["cause"]: (each["runs"], each["launches"]) for each in found["causes"]}
    assert causes == {"application_exit": (1, 0), "host_loss": (0, 1)}
    assert set(found["costs"]) == {"sales", "schedule nightly"}
    lags = {each["name"].partition(" → ")[2]: each for each in found["lags"]}
    # The one that was launched again was due 5 s after it was accepted, and launched 1 s later.
    assert (lags["launched"]["median"], lags["launched"]["longest"]) == (1.0, 2.0)
    assert lags["sealed"]["runs"] == 2
    assert lags["sealed"]["longest"] == 1.0
    # started_at is 7.12 s after NOW.
    assert [round(each["running"] - each["due"], 2) for each in found["slowest"]] == [7.12, 2.12]
    assert sum(each["succeeded"] + each["failed"] for each in found["throughput"]) == 2


def test_filters_and_limits_hold(history: Bridge) -> None:
    found = report(history, "--dag", "sales")
    assert (found["counts"]["succeeded"], found["counts"]["unfinished"]) == (1, 0)
    few = report(history, "--limit", "1")
    assert (len(few["lines"]), few["left_out"], few["counts"]["succeeded"]) == (1, 2, 1)


def test_the_page_is_one_file_with_every_run(history: Bridge, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    options = ["--since", SINCE, "--until", UNTIL]
    result = history.call("report", str(file), *options)
    assert (result.exit_code, result.stdout.strip()) == (0, str(file))
    text = file.read_text()
    assert text.count('<details class="run">') == 3
    assert SECRET not in text
    assert history.call("report", "-", *options).stdout.strip() == text.strip()


def test_a_time_without_runs_has_a_page(bridge: Bridge) -> None:
    result = bridge.call("report", "-", "--since", SINCE, "--until", UNTIL)
    assert result.exit_code == 0, result.output
    assert "No run in this time." in result.stdout


def test_what_cannot_be_is_said(bridge: Bridge, tmp_path: Path) -> None:
    backwards = bridge.call("report", "--since", UNTIL, "--until", SINCE)
    assert (backwards.exit_code, "--until" in backwards.stderr) == (1, True)
    nowhere = bridge.call("report", str(tmp_path / "none" / "page.html"), "--since", SINCE)
    assert (nowhere.exit_code, "can't be written" in nowhere.stderr) == (1, True)


moments = st.none() | st.floats(NOW - 1e5, NOW + 1e5)
texts = st.text(max_size=40)


@st.composite
def lines(draw: st.DrawFn) -> RunLine:
    ended = draw(st.booleans())
    return RunLine(
        run_id=draw(texts),
        state=draw(st.sampled_from([*map(str, State)])) if ended else "running",
        cause=draw(texts),
        fault="",
        reason=draw(texts),
        who=draw(texts),
        definition=draw(texts),
        launches=draw(st.integers(1, 3)),
        accepted=draw(moments),
        due=draw(moments),
        launched=draw(moments),
        running=draw(moments),
        stopped=draw(moments),
        recorded=draw(moments),
        sealed=draw(st.floats(NOW - 1e5, NOW + 1e5)) if ended else None,
        replaced=[
            Launch(number=1, cause="lost", reason=draw(texts), since=NOW, until=NOW + 1)
            for _ in range(draw(st.integers(0, 1)))
        ],
    )


class Tags(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@given(st.lists(lines(), max_size=5))
def test_bars_lie_within_the_timeline(some: list[RunLine]) -> None:
    timeline = timeline_of(some, NOW - 5e4, NOW + 5e4)
    assert timeline.since < timeline.until
    for _, bars in timeline.rows:
        for bar in bars:
            assert 0 <= bar.x <= 100
            assert 0 < bar.width <= 100
            assert bar.x + bar.width <= 100.5


@given(st.lists(lines(), max_size=8))
def test_each_ended_run_is_in_one_bucket(some: list[RunLine]) -> None:
    since, until = NOW - 5e4, NOW + 5e4
    buckets = throughput_of(some, since, until)
    within = [each for each in some if each.sealed is not None and since <= each.sealed <= until]
    assert sum(bucket.total for bucket in buckets) == len(within)
    assert len(buckets) <= 50


@given(st.floats(1, 1e9))
def test_buckets_are_not_too_many(length: float) -> None:
    seconds = bucket_seconds(0, length)
    assert length / seconds <= 48 or seconds == 7 * 86_400


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_rank_has_its_share_of_the_values(values: list[float], share: float) -> None:
    ordered = sorted(values)
    found = nearest_rank(ordered, share)
    assert sum(each <= found for each in ordered) >= share * len(ordered)
    assert sum(each < found for each in ordered) < max(1, share * len(ordered))


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnorw\u202c \u2066x\u2069",
    "</title><iframe src=//example.org>",
    "\ud800",
]


@given(st.lists(st.sampled_from(HOSTILE) | texts, min_size=6, max_size=6))
def test_no_name_becomes_markup(names: list[str]) -> None:
    line = RunLine(
        run_id=names[0],
        state="failed",
        cause=names[1],
        fault="job",
        reason=names[2],
        who=names[3],
        definition=names[4],
        launches=2,
        accepted=NOW,
        due=NOW,
        running=NOW + 1,
        sealed=NOW + 2,
        replaced=[Launch(number=1, cause=names[1], reason=names[2], since=NOW, until=NOW)],
    )
    page = page_of(of_lines(names[5], [line]))
    page.encode()
    found = Tags(page)
    assert found.tags <= ALLOWED_TAGS
    assert not {name for name in found.attributes if name.startswith("on")} | (
        found.attributes & {"src", "href", "action", "formaction", "xlink:href"}
    )
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", page)


ALLOWED_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "h1", "h2"),
    *("p", "small", "code", "span", "bdi", "div", "dl", "dt", "dd", "details", "summary"),
    *("svg", "rect", "table", "thead", "tbody", "tr", "th", "td"),
}


def of_lines(stack: str, some: list[RunLine]) -> Report:
    return Report(
        stack=stack,
        region="eu-west-1",
        since=NOW - 60,
        until=NOW + 60,
        counts={"succeeded": 0, "failed": 1, "stopped": 0, "unfinished": 0},
        replaced=1,
        lines=some,
        left_out=0,
        lags=lags_of(some),
        throughput=throughput_of(some, NOW - 60, NOW + 60),
        causes=[],
        costs={stack: Sum(runs=1, total=1.0)},
        cost=Sum(runs=1, total=1.0),
        slowest=some,
        problems=0,
    )


def test_the_json_has_no_secret(history: Bridge) -> None:
    assert SECRET not in json.dumps(report(history))
