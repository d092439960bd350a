"""Who may speak for whom: the alias by which a function was invoked decides, not the message."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.admission import refusal
from jetbridge_testing.cloud import handler_of
from jetbridge_testing.core import Core
from jetbridge_testing.environment import Context
from jetbridge_testing.foreign import looking
from jetbridge_testing.samples import request
from jetbridge_testing.template import resources
from msgspec import UNSET
from msgspec.structs import replace

from jetbridge.admission.principals import OPERATOR, Principal
from jetbridge.contract import (
    AirflowCaller,
    ContractError,
    EventCaller,
    PersonCaller,
    ScheduleCaller,
    StartRequest,
    WatchRequest,
    encode,
    own_key,
    run_id_of,
)

ARN = Context.invoked_function_arn
SAMPLES = {
    "airflow": request("airflow_ecs"),
    "schedule": request("schedule"),
    "event": request("event"),
    "person": request("person"),
}
KINDS = list(SAMPLES)


def _airflow(name: str = "default", **changes: Any) -> StartRequest:
    return replace(SAMPLES["airflow"], airflow=name, **changes)


@pytest.mark.parametrize(
    ("alias", "principal"),
    [
        ("", OPERATOR),
        (":$LATEST", OPERATOR),
        (":airflow", Principal("airflow", "default")),
        (":airflow-finance", Principal("airflow", "finance")),
        (":airflow-default", Principal("airflow", "default")),
        (":schedule", Principal("schedule")),
        (":event", Principal("event")),
        (":person", Principal("person")),
    ],
)
def test_the_alias_is_who_speaks(alias: str, principal: Principal) -> None:
    assert Principal.of_function(ARN + alias) == principal


@pytest.mark.parametrize("alias", ["airflow-", "7", "live", "Airflow", "airflowx", "operator"])
def test_an_alias_of_somebody_else_has_no_rights(alias: str) -> None:
    error = refusal(Principal.of_function, f"{ARN}:{alias}")
    assert error.field == "Qualifier"
    assert alias in error.problem


@pytest.mark.parametrize("claimed", KINDS)
@pytest.mark.parametrize("speaks", KINDS)
def test_each_kind_speaks_only_for_itself(speaks: str, claimed: str) -> None:
    principal = Principal.of_function(f"{ARN}:{speaks}")
    if speaks == claimed:
        assert principal.admit(SAMPLES[claimed]) == SAMPLES[claimed]
        return
    error = refusal(principal.admit, SAMPLES[claimed])
    assert error.field == "caller.kind"
    assert repr(speaks) in error.problem
    assert OPERATOR.admit(SAMPLES[claimed]) == SAMPLES[claimed]


def test_an_airflow_stays_inside_its_own_name() -> None:
    finance = Principal("airflow", "finance")
    error = refusal(finance.admit, _airflow("default"))
    assert (error.field, "'default'" in error.problem) == ("airflow", True)
    mine = finance.admit(_airflow("finance"))
    assert isinstance(mine.caller, AirflowCaller)
    assert mine.caller.airflow_name == "finance"
    forged = replace(SAMPLES["airflow"].caller, airflow="sales")
    assert refusal(finance.admit, _airflow("finance", caller=forged)).field == "caller.airflow"
    assert refusal(OPERATOR.admit, _airflow("finance", caller=forged)).field == "caller.airflow"


def test_the_same_task_of_two_airflows_is_two_tasks() -> None:
    core = Core()
    one = core.start(_airflow(), Principal("airflow"))
    other = core.start(_airflow("finance"), Principal("airflow", "finance"))
    assert one.run_id != other.run_id
    assert not other.duplicate
    assert core.stops.messages == [], "neither supersedes the other"
    row = core.memory.get(other.run_id)
    assert row is not None
    assert row.caller.key == row.request.key
    assert row.caller.key is not None
    assert row.caller.key.startswith("airflow@finance/")


def test_the_default_name_changes_no_key() -> None:
    spelt = replace(SAMPLES["airflow"].caller, airflow="default")
    admitted = OPERATOR.admit(_airflow(caller=spelt))
    assert admitted.caller == SAMPLES["airflow"].caller
    assert isinstance(admitted.caller, AirflowCaller)
    assert admitted.caller.airflow is UNSET
    assert '"airflow":' not in encode(admitted.caller)


@pytest.mark.parametrize(
    ("speaks", "reached"),
    [
        ("operator", {"own", "other", "stack"}),
        ("airflow", {"own", "stack"}),
        ("person", {"stack"}),
        ("schedule", set()),
        ("event", set()),
    ],
)
def test_whose_runs_are_stopped_and_watched(speaks: Any, reached: set[str]) -> None:
    principal = Principal(speaks)
    airflow = SAMPLES["airflow"].caller
    callers = {
        "own": [airflow],
        "other": [replace(airflow, airflow="finance")],
        "stack": [SAMPLES[kind].caller for kind in ("schedule", "event", "person")],
    }
    for whose, some in callers.items():
        for caller in some:
            assert principal.reaches(caller) is (whose in reached), (whose, caller)


def test_runs_of_another_airflow_are_unknown_to_a_watcher() -> None:
    from jetbridge.watching.watch import Watch

    core = Core()
    run_id = core.start(_airflow("finance")).run_id
    watch = Watch(core.runs, core.outcomes, "outcomes", "stop", "r", True, looking(core.outcomes))
    asked = WatchRequest(run_ids=[run_id])
    assert watch(asked, Principal("airflow")).runs == {}
    assert watch(asked, Principal("person")).runs == {}
    assert watch(asked, Principal("schedule")).runs == {}
    assert list(watch(asked, Principal("airflow", "finance")).runs) == [run_id]
    assert list(watch(asked).runs) == [run_id]
    forged = replace(asked, caller=SAMPLES["airflow"].caller, airflow="finance")
    assert refusal(watch, forged, Principal("airflow")).field == "airflow"


IDS = st.text(min_size=1, max_size=12, alphabet="ab/%.-:_ ")
NAMES = st.sampled_from(["default", "finance", "key", "finance-key"])


def _callers() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(
            AirflowCaller,
            dag_id=IDS,
            run_id=IDS,
            task_id=IDS,
            try_number=st.integers(0, 3),
            ti_id=IDS,
            airflow=NAMES,
        ),
        st.builds(ScheduleCaller, schedule_arn=st.just("arn:s/a"), scheduled_time=IDS),
        st.builds(EventCaller, event_id=IDS, rule=IDS),
        st.builds(PersonCaller, name=IDS),
    )


@given(
    one=_callers(),
    other=_callers(),
    own=st.one_of(st.none(), IDS, st.sampled_from(["schedule/arn:s/a/t", "airflow/d/r/t/-1/i/1"])),
    name=NAMES,
)
def test_keys_of_different_callers_never_meet(one: Any, other: Any, own: Any, name: str) -> None:
    """A person's idempotency key can't be the key of a schedule's firing."""
    key = own_key("person", own, name) if own is not None else one.key
    if own is not None:
        assert key != other.key
        assert all(key != own_key(kind, own, name) for kind in ("airflow", "schedule", "event"))
        assert own_key("airflow", own, name) != other.key
    elif key is not None and one != other:
        same_airflow = isinstance(one, AirflowCaller) and isinstance(other, AirflowCaller)
        if same_airflow and replace(one, max_tries=None) == replace(other, max_tries=None):
            return
        assert key != other.key


def test_a_persons_key_leaves_the_schedules_firing_alone() -> None:
    core = Core()
    firing = SAMPLES["schedule"]
    assert firing.caller.key is not None
    squatter = replace(SAMPLES["person"], idempotency_key=firing.caller.key)
    core.start(squatter, Principal("person"))
    answer = core.start(firing, Principal("schedule"))
    assert not answer.duplicate
    assert answer.run_id == run_id_of(firing.caller.key)


def test_the_template_has_an_alias_for_each_kind_and_no_other() -> None:
    aliases = [item["Properties"] for item in resources("AWS::Lambda::Alias").values()]
    names: dict[str, set[str]] = {}
    for alias in aliases:
        names.setdefault(alias["FunctionName"]["Ref"], set()).add(alias["Name"])
        assert alias["FunctionVersion"] == "$LATEST"
    assert names == {
        "StartRunFunction": set(KINDS),
        "StopRunFunction": {"airflow", "person"},
        "WatchRunsFunction": {"airflow", "person"},
    }
    for found in names.values():
        for name in found:
            assert Principal.of_function(f"{ARN}:{name}").speaks == name


def test_asynchronous_starts_by_an_alias_are_kept_when_they_fail() -> None:
    """An alias has its own configuration of asynchronous invocation, or none (Lambda API
    reference, PutFunctionEventInvokeConfig)."""
    kept = {
        item["Properties"]["Qualifier"]: item["Properties"]["DestinationConfig"]["OnFailure"]
        for item in resources("AWS::Lambda::EventInvokeConfig").values()
    }
    destination = {"Destination": {"Fn::GetAtt": ["StartFailures", "Arn"]}}
    assert {name: kept[name] for name in KINDS} == dict.fromkeys(KINDS, destination)


def test_contract_errors_of_principals_are_refusals() -> None:
    with pytest.raises(ContractError, match="Invoke it by the alias"):
        Core().start(SAMPLES["airflow"], Principal("person"))


@pytest.mark.parametrize("alias", ["airflow", "person", "airflow-finance"])
@pytest.mark.parametrize(
    "body",
    [
        {"run_ids": ["aaaaaaaaaaaaaaaaaaaa"], "reason": "x"},
        {"orphan": {"backend": "ecs", "place": "reports", "backend_id": "arn", "reason": "x"}},
    ],
)
def test_a_forged_batch_has_no_rights(alias: str, body: dict[str, Any]) -> None:
    """The stack's own queue invokes the function without an alias."""
    context = Context()
    context.invoked_function_arn = f"{ARN}:{alias}"
    batch = {"Records": [{"messageId": "m", "body": json.dumps(body)}]}
    with pytest.raises(ContractError, match="Records"):
        handler_of("stop_run")(batch, context)
