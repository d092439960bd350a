"""The trace of a task, where Airflow's tracing is on."""

from __future__ import annotations

import re
import sys
from typing import Any

from airflow_provider_jetbridge.settings import conf
from jetbridge.contract import Outcome

_TRACER = "airflow_provider_jetbridge"
_RESUME = "jetbridge resume"
_NANOSECONDS = 1_000_000_000
# Of W3C Trace Context's version 00; a later version begins with the same fields ("Versioning").
_FIELDS = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def traceparent_of(ti: Any) -> str | None:
    """W3C ``traceparent`` of the task; None where Airflow's tracing is off or there is none.

    From 3.2 on, Airflow runs a task within a span (``task_runner.py``, ``_make_task_span``). Before
    that it gives the task its context alone (``context_carrier`` of the task instance). One that
    isn't valid is ignored, as W3C Trace Context asks ("Processing Model").
    """
    if not conf.getboolean("traces", "otel_on", fallback=False):
        return None
    return _of_current_span() or _valid(getattr(ti, "context_carrier", None) or {})


def tell_resume(outcome: Outcome) -> None:
    """A span from the moment when the outcome was there until now, within the task's own.

    Airflow's tracer exports it. Without a tracer it is nothing.
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
    """Its API if Airflow has imported it: nothing is imported for a trace that there isn't."""
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
