"""The report of ``jetbridge verify``: what it says, and what it doesn't."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetbridge.contract import Outcome, PersonCaller
from jetbridge_cli.problems import Problem
from jetbridge_cli.verify.checks import CHECKS
from jetbridge_cli.verify.cost import at_most, estimated, total
from jetbridge_cli.verify.events import End, Events
from jetbridge_cli.verify.markdown import markdown
from jetbridge_cli.verify.masking import Masking
from jetbridge_cli.verify.names import Names
from jetbridge_cli.verify.recorder import MetError
from jetbridge_cli.verify.report import Report
from jetbridge_cli.verify.running import Result, Verdict

ACCOUNT = "123456789012"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/jane.doe"
MASKING = Masking(ACCOUNT, CALLER)
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "verify-local.json"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def report(**fields: Any) -> Report:
    known = {"name": "jbv", "version": "0", "region": "r", "account": ACCOUNT, "endpoint": ""}
    return Report(**known | {"began": "2026-11-28T11:00:00Z"} | fields)


def result(verdict: Verdict, reason: str = "", **evidence: Any) -> Result:
    return Result(
        name="ecs_success",
        proves="it runs",
        rows=("a row",),
        verdict=verdict,
        reason=reason,
        bound_seconds=300,
        evidence=evidence,
    )


def error(message: str) -> MetError:
    return MetError("ecs", "RunTask", "AccessDenied", message, ["flood"], 0.0)


@given(texts, texts)
def test_neither_the_account_nor_the_caller_are_in_it(before: str, after: str) -> None:
    said = f"{before}User: {CALLER} may not, in {ACCOUNT}{after} with AKIAABCDEFGHIJKLMNOP"
    full = report(
        results=[result(Verdict.FAILED, said, seen=[said], key={said: said})],
        errors=[error(said)],
        left=[said],
        problem=said,
    )
    content = full.as_json(MASKING)
    for text in (json.dumps(content, ensure_ascii=False), markdown(content)):
        assert "jane.doe" not in text
        assert ACCOUNT not in text
        assert "AKIAABCDEFGHIJKLMNOP" not in text
        assert "<account>" in text


@given(st.text(max_size=40))
def test_a_table_stays_a_table_whatever_aws_says(said: str) -> None:
    content = report(errors=[error(said)]).as_json(MASKING)
    rows = [line for line in markdown(content).split("\n") if line.startswith("| ecs | RunTask")]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 7


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"results": [result(Verdict.PASSED)], "left": []}, "passed"),
        ({"results": [result(Verdict.PASSED), result(Verdict.SKIPPED, "why")]}, "passed"),
        ({"results": [result(Verdict.PASSED), result(Verdict.FAILED, "why")]}, "failed"),
        ({"results": [result(Verdict.PASSED)], "left": ["stack x"]}, "failed"),
        ({"problem": "it could not be set up"}, "failed"),
    ],
)
def test_it_passes_only_if_nothing_failed_and_nothing_is_left(
    fields: dict[str, Any], verdict: str
) -> None:
    assert report(**fields).as_json(MASKING)["verdict"] == verdict


def test_the_example_in_the_docs_is_what_the_command_writes() -> None:
    """``make verify-example`` writes it, from a verification of the local cloud."""
    example = json.loads(EXAMPLE.read_text())
    assert markdown(example) == EXAMPLE.with_suffix(".md").read_text()
    assert example.keys() == report().as_json(MASKING).keys()
    assert example["verdict"] == "passed"
    shown = [(each["name"], each["proves"], tuple(each["rows"])) for each in example["results"]]
    assert shown == [(check.name, check.proves, check.rows) for check in CHECKS]
    # The local cloud's errors name files; whose machine wrote the example is nobody's affair.
    assert "the image map examples/quickstart/images.yaml" in EXAMPLE.read_text()


@given(st.lists(st.floats(0, 59), max_size=60))
def test_what_ran_within_its_bounds_costs_no_more_than_was_said(seconds: list[float]) -> None:
    ran = [outcome(f"2026-11-28T11:00:{each:09.6f}+00:00") for each in seconds]
    assert 0 < total(estimated(ran, alarms=30)) <= total(at_most(CHECKS, alarms=30))


def outcome(stopped_at: str) -> Outcome:
    return Outcome(
        run_id="r",
        state="succeeded",  # type: ignore[arg-type]
        cause="completed",  # type: ignore[arg-type]
        fault="nobody",  # type: ignore[arg-type]
        reason="",
        advice="",
        caller=PersonCaller(name="p"),
        backend="ecs",
        region="r",
        finished_at=0.0,
        started_at="2026-11-28T11:00:00+00:00",
        stopped_at=stopped_at,
    )


def ecs_end(arn: str) -> dict[str, Any]:
    detail = {"taskArn": arn, "stoppedAt": "2026-11-28T11:00:02Z"}
    detail["executionStoppedAt"] = "2026-11-28T11:00:00.500Z"
    return {"source": "aws.ecs", "time": "2026-11-28T11:00:03Z", "detail": detail}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(1, 1e9)), max_size=20))
def test_the_first_delivery_of_an_event_counts(deliveries: list[tuple[str, float]]) -> None:
    events = Events(None, "")  # type: ignore[arg-type]
    for arn, delivered in deliveries:
        events.take(ecs_end(arn), delivered)
    first: dict[str, float] = {}
    for arn, delivered in deliveries:
        first.setdefault(arn, delivered)
    assert {arn: end.delivered for arn, end in events.ends.items()} == first


def test_times_of_ecs_and_batch_are_read() -> None:
    events = Events(None, "")  # type: ignore[arg-type]
    events.take(ecs_end("task"), 9.0)
    job = {"jobId": "job", "stoppedAt": 1_795_863_600_500}
    events.take({"source": "aws.batch", "time": "2026-11-28T11:00:03Z", "detail": job}, 9.0)
    assert events.ends["task"] == events.ends["job"] == End(1_795_863_600.5, 1_795_863_603.0, 9.0)


@pytest.mark.parametrize("name", ["jb", "Jbv1", "1jbv", "jbv-", "jbv_1", "a" * 21, "jbv\n"])
def test_a_name_that_s3_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(Problem, match="--name"):
        Names.checked(name)


@given(st.from_regex(r"\A[a-z][a-z0-9-]{2,18}[a-z0-9]\Z"))
def test_the_bucket_of_any_name_fits(name: str) -> None:
    # The longest region's name has 14 characters.
    assert len(f"{Names.checked(name).quickstart}-{ACCOUNT}-ap-southeast-1") <= 63
