"""The trace of a task: from Airflow into the request, and the span of a resume."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from fake_aws import ANSWER, FakeLambda
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from airflow_provider_jetbridge import tracing
from airflow_provider_jetbridge.exceptions import StartRefused
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from jetbridge.contract import Outcome, to_builtins

# The example of W3C Trace Context, "Examples of HTTP traceparent Headers".
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{PARENT}-01"


@pytest.fixture
def tracing_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__TRACES__OTEL_ON", "True")


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Airflow's tracer exports to memory; the API's own provider can be set only once."""
    exported: Any = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    exported.tracer = provider.get_tracer("airflow")
    return exported


def operator() -> EcsRunTaskOperator:
    return EcsRunTaskOperator(task_id="job", task_definition="t", cluster="c", overrides={})


def started(functions: FakeLambda, ti: Any) -> dict[str, Any]:
    functions.answers.append(ANSWER)
    with suppress(TaskDeferred):
        operator().execute({"ti": ti})
    [(_, message)] = functions.invocations
    return message


@pytest.mark.usefixtures("tracing_on")
def test_the_request_has_the_span_that_the_task_runs_in(
    functions: FakeLambda, ti: Any, exporter: Any
) -> None:
    with exporter.tracer.start_as_current_span("worker.job") as span:
        request = started(functions, ti)
    context = span.get_span_context()
    flags = int(context.trace_flags)
    expected = f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"
    assert request["traceparent"] == expected


@pytest.mark.usefixtures("tracing_on")
def test_before_airflow_3_2_it_has_the_tasks_own_context(functions: FakeLambda, ti: Any) -> None:
    ti.context_carrier = {"traceparent": SAMPLED}
    assert started(functions, ti)["traceparent"] == SAMPLED


def test_without_tracing_the_request_says_nothing_of_it(
    functions: FakeLambda, ti: Any, exporter: Any
) -> None:
    ti.context_carrier = {"traceparent": SAMPLED}
    with exporter.tracer.start_as_current_span("worker.job"):
        assert "traceparent" not in started(functions, ti)


@pytest.mark.usefixtures("tracing_on")
def test_a_stack_that_does_not_support_traces_gets_none(functions: FakeLambda, ti: Any) -> None:
    ti.context_carrier = {"traceparent": SAMPLED}
    refusal = "Object contains unknown field `traceparent`"
    functions.answers.extend([{"errorType": "ContractError", "errorMessage": refusal}, ANSWER])
    with suppress(TaskDeferred):
        operator().execute({"ti": ti})
    assert [message.get("traceparent") for _, message in functions.invocations] == [SAMPLED, None]


@pytest.mark.usefixtures("tracing_on")
def test_any_other_refusal_stays_one(functions: FakeLambda, ti: Any) -> None:
    ti.context_carrier = {"traceparent": SAMPLED}
    functions.answers.append({"errorType": "ContractError", "errorMessage": "cluster: is c"})
    with pytest.raises(StartRefused, match="cluster"):
        operator().execute({"ti": ti})
    assert len(functions.invocations) == 1


carriers = st.one_of(
    st.none(),
    st.text(),
    st.dictionaries(st.sampled_from(["traceparent", "x"]), st.text() | st.integers()),
    st.from_regex(r"[0-9a-fA-F]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-x)?").map(
        lambda text: {"traceparent": text}
    ),
)


@given(carriers)
def test_an_invalid_context_is_ignored(carrier: Any) -> None:
    from jetbridge.contract import StartRequest, decode

    found = tracing._valid(carrier)
    if found is not None:
        request = {"caller": {"kind": "person", "name": "a"}, "run_task": {"taskDefinition": "t"}}
        assert decode(StartRequest, request | {"traceparent": found}).traceparent == found


@pytest.mark.parametrize(
    ("given_", "found"),
    [
        (SAMPLED, SAMPLED),
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-brings", SAMPLED),
        (f"{SAMPLED}-x", None),
        (f"ff-{TRACE}-{PARENT}-01", None),
        (f"00-{'0' * 32}-{PARENT}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (SAMPLED.upper(), None),
    ],
)
def test_versions_of_traceparent(given_: Any, found: Any) -> None:
    assert tracing._valid({"traceparent": given_}) == found


@pytest.mark.usefixtures("tracing_on")
def test_the_resume_is_a_span_of_the_same_trace(
    functions: FakeLambda, ti: Any, exporter: Any, make_outcome: Callable[..., Outcome]
) -> None:
    outcome = make_outcome()
    with exporter.tracer.start_as_current_span("worker.job") as span:
        tracing.tell_resume(outcome)
    resume = next(each for each in exporter.get_finished_spans() if each.name == "jetbridge resume")
    assert resume.context.trace_id == span.get_span_context().trace_id
    assert resume.parent.span_id == span.get_span_context().span_id
    assert resume.start_time == round(outcome.finished_at * 1_000_000_000)
    assert resume.end_time > resume.start_time
    assert resume.attributes["jetbridge.run_id"] == to_builtins(outcome)["run_id"]


def test_without_tracing_a_resume_is_no_span(
    exporter: Any, make_outcome: Callable[..., Outcome]
) -> None:
    tracing.tell_resume(make_outcome())
    assert exporter.get_finished_spans() == ()
