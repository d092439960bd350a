"""A run's trace: the containers' TRACEPARENT, the spans, and their export to a collector."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import MemoryQueue, MemoryRuns
from jetbridge_testing.samples import change, ended_run, launched_run, new_run
from msgspec.structs import replace
from otlp import Collector

from jetbridge.admission.task import OVERRIDES_LIMIT
from jetbridge.contract import (
    Cause,
    ContractError,
    Death,
    Outcome,
    StartRequest,
    State,
    decode,
    encode,
    trace_context,
)
from jetbridge.launching.endings import Endings
from jetbridge.launching.hand_over import HandOver
from jetbridge.launching.trace import with_traceparent
from jetbridge.runs.item import from_item, to_item
from jetbridge.runs.run import Definition, LogSource, Run
from jetbridge.traces.http import QUIET_SECONDS, OtlpEndpoint
from jetbridge.traces.otlp import encoded
from jetbridge.traces.port import NotExported
from jetbridge.traces.spans import RUN, Span, spans_of
from jetbridge.wiring.traces import Traces

# The example of W3C Trace Context, "Examples of HTTP traceparent Headers".
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"


def traced(run: Run, traceparent: str | None = SAMPLED) -> Run:
    return replace(run, request=replace(run.request, traceparent=traceparent))


# The request


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "00",
        SAMPLED.upper(),
        SAMPLED + "\n",
        SAMPLED + "-extra",
        f"ff-{TRACE}-{PARENT}-01",
        f"01-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE};rm -rf-{PARENT}-01",
        7,
        {},
    ],
)
def test_a_request_with_an_invalid_traceparent_is_refused_by_name(hostile: Any) -> None:
    message = {"caller": {"kind": "person", "name": "ada"}, "run_task": {"taskDefinition": "t"}}
    assert decode(StartRequest, message | {"traceparent": SAMPLED}).traceparent == SAMPLED
    with pytest.raises(ContractError, match="traceparent"):
        decode(StartRequest, message | {"traceparent": hostile})


def test_a_request_without_one_is_what_it_was() -> None:
    request = new_run().request
    assert "traceparent" not in encode(request)
    assert b"traceparent" not in json.dumps(to_item(new_run())).encode()


def test_a_row_keeps_it() -> None:
    run = traced(new_run())
    from jetbridge.aws.items import marshal

    assert from_item(marshal(to_item(run))).request.traceparent == SAMPLED


# The containers


def with_containers(run: Run, *names: str) -> Run:
    sources = [LogSource(container=name, driver="awslogs") for name in names]
    return replace(run, definition=Definition(arn="arn", log_sources=sources))


def values(environment: list[dict[str, str]]) -> list[str]:
    return [pair["value"] for pair in environment if pair["name"] == "TRACEPARENT"]


def test_every_container_of_a_task_gets_it() -> None:
    run = traced(with_containers(new_run(), "main", "proxy"))
    before = {"overrides": {"cpu": "256", "containerOverrides": [{"name": "proxy", "cpu": 1}]}}
    copy = json.loads(json.dumps(before))
    after = with_traceparent(run, before)
    assert before == copy
    overridden = {each["name"]: each for each in after["overrides"]["containerOverrides"]}
    assert set(overridden) == {"main", "proxy"}
    assert all(values(each["environment"]) == [SAMPLED] for each in overridden.values())
    assert (overridden["proxy"]["cpu"], after["overrides"]["cpu"]) == (1, "256")
    assert with_traceparent(run, before) == after


def test_a_container_keeps_its_own() -> None:
    run = traced(with_containers(new_run(), "main"))
    own = [{"name": "TRACEPARENT", "value": "own"}]
    before = {"overrides": {"containerOverrides": [{"name": "main", "environment": own}]}}
    assert with_traceparent(run, before) == before


@given(st.integers(OVERRIDES_LIMIT - 400, OVERRIDES_LIMIT))
def test_it_never_makes_a_task_larger_than_ecs_takes(length: int) -> None:
    run = traced(with_containers(new_run(), "main"))
    filled = {"containerOverrides": [{"name": "main", "command": [""]}]}
    room = length - len(msgspec.json.encode(filled))
    filled["containerOverrides"][0]["command"] = ["x" * room]
    after = with_traceparent(run, {"overrides": filled})
    size = len(msgspec.json.encode(after["overrides"]))
    assert size <= OVERRIDES_LIMIT
    environment = after["overrides"]["containerOverrides"][0].get("environment", [])
    assert bool(values(environment)) == (size > length)


def job(parameters: dict[str, Any], *names: str) -> dict[str, Any]:
    run = new_run()
    request = replace(run.request, run_task=None, submit_job=parameters, traceparent=SAMPLED)
    return with_traceparent(with_containers(replace(run, request=request), *names), parameters)


def test_the_container_of_a_job_gets_it() -> None:
    after = job({"jobName": "j"}, "default")
    assert values(after["containerOverrides"]["environment"]) == [SAMPLED]


def test_containers_that_a_job_overrides_get_it() -> None:
    tasks = {"taskProperties": [{"containers": [{"name": "a"}, {"name": "b"}]}]}
    after = job({"ecsPropertiesOverride": tasks}, "a", "b")
    containers = after["ecsPropertiesOverride"]["taskProperties"][0]["containers"]
    assert all(values(each["environment"]) == [SAMPLED] for each in containers)
    pod = {"podProperties": {"containers": [{"name": "a"}]}}
    after = job({"eksPropertiesOverride": pod}, "a")
    [container] = after["eksPropertiesOverride"]["podProperties"]["containers"]
    assert values(container["env"]) == [SAMPLED]


def test_a_job_whose_containers_arent_known_stays_as_it_is() -> None:
    assert job({"jobName": "j"}, "a", "b") == {"jobName": "j"}
    nodes = {"nodeOverrides": {"numNodes": 2}}
    assert job(nodes, "default") == nodes


# The spans

times = st.floats(1.7e9, 1.9e9)


def finished(**fields: Any) -> tuple[Run, Outcome]:
    run = traced(
        replace(
            ended_run("ecs_stopped_exit_0"),
            created_at=100.0,
            last_attempt_at=101.0,
            launched_at=102.0,
            ended_at=131.0,
        )
    )
    assert run.ending is not None
    ending = replace(
        run.ending,
        pull_started_at="1970-01-01T00:01:45Z",
        pull_stopped_at="1970-01-01T00:01:50Z",
    )
    known: dict[str, Any] = {
        "run_id": run.run_id,
        "state": State.SUCCEEDED,
        "cause": Cause.COMPLETED,
        "fault": "nobody",
        "reason": "",
        "advice": "",
        "caller": run.caller,
        "backend": "ecs",
        "region": "eu-central-1",
        "finished_at": 132.0,
        "started_at": "1970-01-01T00:01:51Z",
        "stopped_at": "1970-01-01T00:02:10Z",
    }
    return replace(run, ending=ending), Outcome(**known | fields)


def test_the_steps_follow_each_other_below_the_run() -> None:
    root, *steps = spans_of(*finished())
    assert (root.name, root.trace_id, root.parent_id) == (RUN, TRACE, PARENT)
    assert (root.began, root.ended) == (100.0, 132.0)
    assert [(step.name, step.began, step.ended) for step in steps] == [
        ("queue wait", 100.0, 101.0),
        ("launch", 101.0, 102.0),
        ("provision", 102.0, 105.0),
        ("pull", 105.0, 110.0),
        ("run", 111.0, 130.0),
        ("seal", 130.0, 132.0),
    ]
    assert {(step.trace_id, step.parent_id) for step in steps} == {(TRACE, root.span_id)}
    assert not any(span.error for span in (root, *steps))


def test_failures_and_replaced_launches_are_errors() -> None:
    death = Death(launch=1, cause=Cause.HOST_LOSS, reason="", backend_id=None, at=100.5)
    run, outcome = finished(state=State.FAILED, cause=Cause.APPLICATION_EXIT, deaths=[death])
    spans = spans_of(run, outcome)
    assert {span.name: span.error for span in spans if span.error} == {
        RUN: "application_exit",
        "replaced launch": "host_loss",
        "run": "application_exit",
    }


def test_a_trace_that_isnt_sampled_has_no_spans() -> None:
    run, outcome = finished()
    assert spans_of(traced(run, UNSAMPLED), outcome) == []


def test_a_run_without_a_trace_has_one_of_its_own() -> None:
    run, outcome = finished()
    spans = spans_of(traced(run, None), outcome)
    assert spans[0].parent_id is None
    assert len({span.trace_id for span in spans}) == 1
    assert trace_context(f"00-{spans[0].trace_id}-{spans[0].span_id}-01").sampled


maybe = st.none() | times


@given(times, times, maybe, maybe, maybe, maybe, st.lists(times, max_size=3))
def test_whatever_the_clocks_say_spans_are_valid(
    created: float,
    sealed: float,
    tried: float | None,
    launched: float | None,
    ended: float | None,
    not_before: float | None,
    deaths: list[float],
) -> None:
    run, outcome = finished()
    run = replace(
        run,
        created_at=created,
        last_attempt_at=tried,
        launched_at=launched,
        ended_at=ended,
        not_before=not_before,
    )
    died = [
        Death(launch=number, cause=Cause.CAPACITY, reason="", backend_id=None, at=at)
        for number, at in enumerate(deaths, start=1)
    ]
    spans = spans_of(run, replace(outcome, finished_at=sealed, deaths=died))
    ids = [span.span_id for span in spans]
    assert len(set(ids)) == len(ids)
    assert all(span.ended >= span.began for span in spans)
    assert spans == spans_of(run, replace(outcome, finished_at=sealed, deaths=died))


# The export


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as started:
        yield started


def test_one_trace_reaches_the_collector(collector: Collector) -> None:
    run, outcome = finished()
    Traces(OtlpEndpoint(collector.url), "jetbridge", "eu-central-1")(run, outcome)
    [request] = collector.taken
    assert request.path == "/v1/traces"
    assert request.headers["Content-Type"] == "application/json"
    resource = request.json["resourceSpans"][0]["resource"]["attributes"]
    assert {"key": "service.name", "value": {"stringValue": "jetbridge"}} in resource
    root, *steps = collector.spans()
    assert (root["traceId"], root["parentSpanId"]) == (TRACE, PARENT)
    assert {step["parentSpanId"] for step in steps} == {root["spanId"]}
    began = [int(step["startTimeUnixNano"]) for step in steps]
    assert began == sorted(began)
    assert int(root["startTimeUnixNano"]) == 100_000_000_000


def test_headers_and_a_whole_url(collector: Collector) -> None:
    endpoint = OtlpEndpoint(f"{collector.url}/x/v1/traces", lambda: {"Api-Key": "k"})
    assert endpoint.send(b"{}")
    [request] = collector.taken
    assert (request.path, request.headers["Api-Key"]) == ("/x/v1/traces", "k")


def test_a_collector_that_fails_is_left_alone_for_a_minute(collector: Collector) -> None:
    now = [0.0]
    endpoint = OtlpEndpoint(collector.url, clock=lambda: now[0])
    collector.status = 503
    with pytest.raises(NotExported, match=r"127\.0\.0\.1 answers 503"):
        endpoint.send(b"{}")
    assert not endpoint.send(b"{}")
    assert len(collector.taken) == 1
    collector.status, now[0] = 200, QUIET_SECONDS
    assert endpoint.send(b"{}")


def test_headers_are_read_again_after_a_refusal(collector: Collector) -> None:
    now, keys = [0.0], iter(["old", "new"])
    endpoint = OtlpEndpoint(collector.url, lambda: {"Api-Key": next(keys)}, clock=lambda: now[0])
    collector.status = 401
    with pytest.raises(NotExported, match="answers 401"):
        endpoint.send(b"{}")
    collector.status, now[0] = 200, QUIET_SECONDS
    assert endpoint.send(b"{}")
    assert endpoint.send(b"{}")
    assert [each.headers["Api-Key"] for each in collector.taken] == ["old", "new", "new"]


def test_no_failure_of_the_export_is_raised() -> None:
    run, outcome = finished()
    with Collector() as collector:
        pass  # nobody listens at its address any more
    Traces(OtlpEndpoint(collector.url), "jetbridge", "eu-central-1")(run, outcome)

    def broken() -> dict[str, str]:
        raise RuntimeError("the secret is gone")

    Traces(OtlpEndpoint(collector.url, broken), "jetbridge", "eu-central-1")(run, outcome)


def test_text_of_any_kind_is_valid_json() -> None:
    span = Span(
        name="run", trace_id=TRACE, span_id=PARENT, parent_id=None, began=1.5, ended=2.0,
        attributes={"text": 'a"\n\x00é', "number": 3},
    )  # fmt: skip
    [found] = json.loads(encoded([span], {"service.name": "x"}))["resourceSpans"]
    [attribute, number] = found["scopeSpans"][0]["spans"][0]["attributes"]
    assert attribute["value"]["stringValue"] == 'a"\n\x00é'
    assert number["value"] == {"intValue": "3"}


# Off


@pytest.mark.parametrize("kept", [False, True])
def test_rows_have_the_times_of_the_pull_where_traces_are_on(kept: bool) -> None:
    ended = change("ecs_stopped_exit_0")
    assert ended.ending is not None
    assert ended.ending.pull_started_at is not None
    runs = MemoryRuns(900, Clock())
    runs.create(launched_run("airflow_ecs", backend_id=ended.backend_id))
    endings = Endings(runs, HandOver(MemoryQueue()), MemoryQueue(), Clock(), keeps_pulls=kept)
    run = endings.after_change(ended)
    assert run is not None
    assert run.ending is not None
    assert run.ending == ended.ending if kept else run.ending.pull_started_at is None
    assert ("pull" in str(to_item(run)["ending"])) is kept


def test_a_stack_without_traces_imports_nothing_for_them() -> None:
    script = (
        "import json, sys; import jetbridge.wiring.finish_run, jetbridge.wiring.launch_run;"
        "json.dump(sorted(sys.modules), sys.stdout)"
    )
    printed = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    imported = json.loads(printed.stdout)
    assert "jetbridge.wiring.launch_run" in imported
    assert [each for each in imported if each.startswith("jetbridge.traces")] == []
    assert not {"jetbridge.launching.trace", "jetbridge.wiring.traces"} & {*imported}
