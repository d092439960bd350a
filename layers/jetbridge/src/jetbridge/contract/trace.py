"""W3C Trace Context (https://www.w3.org/TR/trace-context/): the trace that a run belongs to."""

from typing import Annotated, NamedTuple

from msgspec import Meta

# Version 00 as the recommendation has it ("traceparent Header Field Values"): neither id is all
# zeros, letters are lower case.
Traceparent = Annotated[
    str, Meta(pattern=r"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
]

VARIABLE = "TRACEPARENT"
"""The environment variable of a container (OpenTelemetry specification, "Environment Variables as
Context Propagation Carriers")."""

_SAMPLED = 1


class TraceContext(NamedTuple):
    """``trace_id`` has 32 hexadecimal digits. ``span_id``, the parent of further spans, has 16."""

    trace_id: str
    span_id: str
    sampled: bool


def trace_context(traceparent: str) -> TraceContext:
    """The parts of a valid ``Traceparent``."""
    _, trace_id, span_id, flags = traceparent.split("-")
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))
