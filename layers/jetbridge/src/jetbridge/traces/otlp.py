"""Spans in the format of OpenTelemetry's protocol (OTLP 1.x).

OpenTelemetry protocol specification, "OTLP/HTTP" and "JSON Protobuf Encoding": names in lower camel
case, ids in hexadecimal, 64-bit numbers as texts, enumerations as numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from jetbridge.traces.spans import Span

# trace/v1/trace.proto: SPAN_KIND_INTERNAL, STATUS_CODE_UNSET, STATUS_CODE_ERROR.
_INTERNAL, _UNSET, _ERROR = 1, 0, 2
_NANOSECONDS = 1_000_000_000
# Recorded and sampled (trace.proto, Span.flags: the lowest 8 bits are those of W3C Trace Context).
_SAMPLED = 1
_SCOPE = "jetbridge"


def encoded(spans: Sequence[Span], resource: Mapping[str, str]) -> bytes:
    """An ExportTraceServiceRequest as JSON; ``resource`` describes the source of the spans."""
    request = {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [
                    {"scope": {"name": _SCOPE}, "spans": [_span(span) for span in spans]}
                ],
            }
        ]
    }
    return msgspec.json.encode(request)


def _span(span: Span) -> dict[str, Any]:
    status = {"code": _ERROR, "message": span.error} if span.error else {"code": _UNSET}
    found = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "flags": _SAMPLED,
        "name": span.name,
        "kind": _INTERNAL,
        "startTimeUnixNano": str(round(span.began * _NANOSECONDS)),
        "endTimeUnixNano": str(round(span.ended * _NANOSECONDS)),
        "attributes": _attributes(span.attributes),
        "status": status,
    }
    return found | ({"parentSpanId": span.parent_id} if span.parent_id else {})


def _attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "value": {"intValue": str(value)}
            if isinstance(value, int)
            else {"stringValue": str(value)},
        }
        for key, value in values.items()
    ]
