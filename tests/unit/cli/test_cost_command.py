"""``jetbridge cost`` on a stack in moto."""

from typing import Any

import pytest
from cli_stack import Bridge
from msgspec.structs import replace
from operated import CLUSTER_TASK, NOW, airflow, failed, outcome_of, run_of, schedule

from jetbridge.contract import Cause, Death, Usage
from jetbridge.contract.fargate import price_of

HOUR = Usage(
    launch_type="FARGATE", vcpu=1, memory_mib=2048, seconds=3600, architecture="x86_64", spot=False
)
# By https://aws.amazon.com/fargate/pricing/, us-east-1, Linux/x86: a vCPU and two GB for an hour.
PRICE = 0.04048 + 2 * 0.004445


def ended(bridge: Bridge, key: str, **fields: Any) -> None:
    caller = fields.pop("caller", None) or airflow()
    run = run_of(key, caller)
    bridge.accepted(run)
    bad = fields.pop("bad", False)
    outcome = outcome_of(run, usage=HOUR, **fields)
    bridge.sealed(failed(outcome) if bad else outcome)


def test_an_hour_of_each_kind() -> None:
    assert price_of(HOUR) == pytest.approx(PRICE)
    arm = replace(HOUR, architecture="arm64")
    assert price_of(arm) == pytest.approx(0.03238 + 2 * 0.00356)
    assert price_of(replace(HOUR, launch_type="EC2")) is None
    assert price_of(replace(HOUR, spot=True)) == price_of(HOUR)


def test_sums_say_what_failures_and_replaced_launches_cost(bridge: Bridge) -> None:
    death = Death(
        launch=1, cause=Cause.HOST_LOSS, reason="", backend_id=CLUSTER_TASK, at=NOW, usage=HOUR
    )
    nothing = replace(death, backend_id=None, usage=None)
    ended(bridge, "good")
    ended(bridge, "bad", bad=True, deaths=[nothing, death], launches=3)
    ended(bridge, "other", caller=schedule())
    sums = bridge.json("cost", "--since", "2020-01-01")
    assert list(sums) == ["sales", "schedule nightly"]
    sales = sums["sales"]
    assert sales["runs"] == 2
    assert sales["total"] == pytest.approx(3 * PRICE)
    assert sales["failed"] == sales["replaced"] == pytest.approx(PRICE)
    assert sales["unknown"] == 0
    assert bridge.json("cost", "--since", "2020-01-01", "--dag", "none") == {}


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("task", ["sales.report", "schedule nightly"]),
        ("definition", ["report"]),
        ("day", ["2026-11-23"]),
    ],
)
def test_sums_are_for_what_is_asked(bridge: Bridge, by: str, names: list[str]) -> None:
    ended(bridge, "one")
    ended(bridge, "two", caller=schedule())
    assert NOW == 1_795_395_600.0  # 2026-11-23T01:00:00Z
    assert sorted(bridge.json("cost", "--by", by, "--since", "2020-01-01")) == names


def test_what_has_no_price_is_counted(bridge: Bridge) -> None:
    ended(bridge, "fargate")
    run = run_of("instance", airflow())
    bridge.accepted(run)
    bridge.sealed(outcome_of(run, usage=replace(HOUR, launch_type="EC2")))
    before = run_of("before", airflow())
    bridge.accepted(before)
    bridge.sealed(outcome_of(before))
    result = bridge.call("cost", "--since", "2020-01-01")
    assert "1 launch on instances: not priced per run" in result.stderr
    assert "1 launch without a size" in result.stderr
    assert f"{PRICE:.4f}" in result.stdout
    shown = bridge.call("show", run.run_id).stdout
    assert "on instances: AWS bills them, and not the run" in shown
