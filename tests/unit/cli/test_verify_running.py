"""The checks of ``jetbridge verify`` run side by side, in bounded time, whatever they do."""

import threading
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from jetbridge_cli.aws import Aws
from jetbridge_cli.verify.bench import Bench, CheckFailed, Skipped, Stage, expect
from jetbridge_cli.verify.checks import CHECKS, Check
from jetbridge_cli.verify.recorder import Recorder
from jetbridge_cli.verify.running import Result, Runner, Verdict

NO_STAGE = cast(Stage, None)


def check(name: str, run: Callable[[Bench], None], **fields: Any) -> Check:
    return Check(name, "it is so", ("a row",), run, **{"seconds": 5, **fields})


def results_of(*checks: Check, stopped: threading.Event | None = None) -> list[Result]:
    told: list[Result] = []
    runner = Runner(NO_STAGE, Recorder(), stopped or threading.Event(), told.append, 0.01)
    results = runner.run(checks)
    assert sorted(result.name for result in told) == sorted(check.name for check in checks)
    return results


def nothing(bench: Bench) -> None:
    bench.note(seen=1)


def test_what_a_check_saw_is_kept_even_if_it_fails() -> None:
    def fails(bench: Bench) -> None:
        bench.note(run_id="r")
        expect("the state", "failed", "succeeded")

    passed, failed = results_of(check("passes", nothing), check("fails", fails))
    assert (passed.verdict, passed.reason, passed.evidence) == (Verdict.PASSED, "", {"seen": 1})
    assert (failed.verdict, failed.evidence) == (Verdict.FAILED, {"run_id": "r"})
    assert "the state is 'failed', and not 'succeeded'" in failed.reason


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (CheckFailed("so"), Verdict.FAILED, "CheckFailed: so"),
        (Skipped("no second subnet"), Verdict.SKIPPED, "no second subnet"),
        (KeyError("backend_id"), Verdict.FAILED, "KeyError: 'backend_id'"),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "RunTask"),
            Verdict.FAILED,
            "AWS denies RunTask: not you",
        ),
    ],
)
def test_whatever_a_check_raises_is_its_own_verdict(
    error: Exception, verdict: Verdict, reason: str
) -> None:
    def raises(_: Bench) -> None:
        raise error

    other, result = results_of(check("other", nothing), check("raises", raises))
    assert other.verdict is Verdict.PASSED
    assert result.verdict is verdict
    assert reason in result.reason


def test_a_wait_ends_with_its_bound() -> None:
    def waits(bench: Bench) -> None:
        bench.patience.until(lambda: None, "the outcome")

    began = time.monotonic()
    [result] = results_of(check("waits", waits, seconds=0.2))
    assert result.verdict is Verdict.FAILED
    assert "the outcome didn't come within" in result.reason
    assert time.monotonic() - began < 60


def test_they_run_at_the_same_time_and_what_disturbs_comes_after_them() -> None:
    together = threading.Barrier(3, timeout=60)
    over: list[str] = []

    def meets(name: str) -> Callable[[Bench], None]:
        def run(_: Bench) -> None:
            together.wait()
            over.append(name)

        return run

    def disturbs(_: Bench) -> None:
        assert sorted(over) == ["a", "b", "c"]

    checks = [check("alone", disturbs, alone=True)]
    checks += [check(name, meets(name)) for name in "abc"]
    results = results_of(*checks)
    assert [result.name for result in results] == ["alone", "a", "b", "c"]
    assert {result.verdict for result in results} == {Verdict.PASSED}


def test_an_interruption_ends_all_waits_at_once() -> None:
    stopped = threading.Event()

    def waits(bench: Bench) -> None:
        stopped.set()
        bench.patience.until(lambda: None, "the end of the world")

    began = time.monotonic()
    waited, later = results_of(
        check("waits", waits, seconds=600), check("later", nothing, alone=True), stopped=stopped
    )
    assert time.monotonic() - began < 60
    assert (waited.verdict, later.verdict) == (Verdict.SKIPPED, Verdict.SKIPPED)
    assert "interrupted" in waited.reason


def test_each_check_has_a_name_of_its_own_and_says_what_it_proves() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    assert all(check.proves and check.rows for check in CHECKS)


def test_all_clients_are_made_before_threads_use_them() -> None:
    aws = Aws(region="us-east-1")
    aws.prepare()
    made = {name for name in vars(aws) if name not in ("profile", "region", "endpoint", "session")}
    assert {"lambda", "dynamodb", "sts"} <= {
        getattr(aws, name).meta.service_model.service_name for name in made
    }
