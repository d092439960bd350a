"""The cost's figures, from calls and logs whose figures are known."""

import json
from typing import Any

import pytest

from benchmarks.cost.figures import figures, in_the_middle
from benchmarks.cost.idle import Idle
from benchmarks.cost.prices import prices, usd
from benchmarks.cost.usage import Usage
from benchmarks.errors import BenchmarkFailed

FED = frozenset({"launch_run"})


def call(service: str, operation: str, *consumed: dict[str, float]) -> dict[str, Any]:
    return {
        "caller": "launch_run",
        "service": service,
        "operation": operation,
        "consumed": list(consumed),
    }


def units(writes: int = 0, table: float = 0, index: float = 0, read: float = 0) -> dict[str, float]:
    return {
        "writes": writes,
        "write_units": table,
        "index_write_units": index,
        "read_units": read,
    }


def report(milliseconds: int, memory: int) -> str:
    metrics = {"billedDurationMs": milliseconds, "memorySizeMB": memory}
    return json.dumps({"type": "platform.report", "record": {"metrics": metrics}})


def used(*calls: dict[str, Any], log: tuple[str, ...] = (report(1000, 256),)) -> Usage:
    return Usage.of(calls, {"launch_run": log}, FED)


def test_units_are_those_of_all_items() -> None:
    run = used(
        call("dynamodb", "TransactWriteItems", units(1, 4, 1), units(1, 2)),
        call("dynamodb", "GetItem", units(read=1)),
    )
    assert (run.writes, run.base_wcu, run.index_wcu, run.read_units) == (2, 6, 1, 1)
    assert run.all_calls == 2


def test_a_poller_receives_and_deletes_each_batch() -> None:
    run = used(call("sqs", "SendMessage"), log=(report(1, 256), report(1, 256)))
    assert (run.sent, run.polled, run.invocations["launch_run"]) == (1, 4, 2)


def test_gb_seconds_are_billed_time_times_memory() -> None:
    assert used(log=(report(1000, 256), report(500, 1024))).gb_seconds == 0.75


def test_log_bytes_have_cloudwatchs_own_beside_each_line() -> None:
    assert used(log=("ü",)).log_bytes == 2 + 26


def test_metrics_are_distinguished_by_their_names() -> None:
    metric = {"CloudWatchMetrics": [{"Metrics": [{"Name": "A"}, {"Name": "B"}]}]}
    assert used(log=(json.dumps({"_aws": metric}), "{}", "text")).metrics == {"A", "B"}


def test_every_kind_that_is_paid_has_a_price_with_a_source() -> None:
    paid = used(call("s3", "PutObject"), call("events", "PutEvents")).paid
    assert set(paid) <= set(prices())
    assert all(each.source.startswith("https://aws.amazon.com/") for each in prices().values())
    assert all(each.checked and each.usd > 0 and each.per > 0 for each in prices().values())


def test_dollars_are_units_times_prices() -> None:
    assert usd({"write_units": 2_000_000, "alarms": 3}) == pytest.approx(2 * 0.625 + 3 * 0.10)


def test_the_run_in_the_middle_is_a_run_that_was_made() -> None:
    calls = [call("sqs", "SendMessage")]
    runs = [used(*calls * count) for count in (3, 1, 2)]
    assert in_the_middle(runs).all_calls == 2


def test_a_missing_figure_is_no_figure() -> None:
    complete = used(call("dynamodb", "PutItem", units(1, 1, 1)))
    idle = Idle({"alarms": 1})
    assert figures({"ecs_minimal": complete}, idle)["ecs_minimal"]["index_wcu"] == 1
    with pytest.raises(BenchmarkFailed, match="index_wcu"):
        figures({"ecs_minimal": used(call("dynamodb", "PutItem", units(1, 1)))}, idle)


def test_an_idle_month_is_the_sum_of_what_it_is_paid_for() -> None:
    idle = Idle({"alarms": 28, "sqs_requests": 1_000_000, "custom_metrics": 0})
    found = figures({}, idle)
    assert found["idle_usd_month_for"] == {
        "alarms": 2.8,
        "sqs_requests": 0.4,
        "custom_metrics": 0.0,
    }
    assert found["idle_usd_month"] == pytest.approx(sum(found["idle_usd_month_for"].values()))
