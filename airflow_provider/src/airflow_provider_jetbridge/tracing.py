"""Connects a run with its task's trace, if Airflow's tracing is on."""

from __future__ import annotations

import re
import sys
from typing import Any

from airflow_provider_jetbridge.settings import conf
from jetbridge.contract import Outcome

_TRACER = "airflow_provider_jetbridge"
_RESUME = "jetbridge resume"
_NANOSECONDS = 1_000_000_000
# The format of W3C Trace Context version 00. Later versions begin with the same fields
# ("Versioning").
_FIELDS = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def traceparent_of(ti: Any) -> str | None:
    """The task's W3C ``traceparent``. None if Airflow's tracing is off or the task has no trace.

    Airflow 3.2 and later run a task in a span (``task_runner.py``, ``_make_task_span``). Earlier
    versions only give the task the context (``context_carrier`` of the task instance). An invalid
    value is ignored, as W3C Trace Context requires ("Processing Model").
    """
    if not conf.getboolean("traces", "otel_on", fallback=False):
        return None
    return _of_current_span() or _valid(getattr(ti, "context_carrier", None) or {})


def tell_resume(outcome: Outcome) -> None:
    """Add a span to the task's span: from when the outcome was available until now.

    Airflow's tracer exports it. Without a tracer this does nothing.
    """
    trace = _opentelemetry()
    if trace is None or not conf.getboolean("traces", "otel_on", fallback=False):
        return
    span = trace.get_tracer(_TRACER).start_span(
        _RESUME,
        start_time=round(outcome.finished_at * _NANOSECONDS),
        attributes={"jetbridge.run_id": outcome.run_id},
    )
    span.end()


def _opentelemetry() -> Any:
    """OpenTelemetry's API if Airflow has already imported it. Otherwise there is no trace, and no
    import is needed."""
    return sys.modules.get("opentelemetry.trace")


def _of_current_span() -> str | None:
    trace = _opentelemetry()
    if trace is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _valid(carrier: Any) -> str | None:
    given = carrier.get("traceparent") if isinstance(carrier, dict) else None
    if not isinstance(given, str):
        return None
    found = _FIELDS.fullmatch(given)
    if found is None or (given.startswith("00") and found[4]):
        return None
    trace_id, span_id, flags = found[1], found[2], found[3]
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return f"00-{trace_id}-{span_id}-{flags}"
