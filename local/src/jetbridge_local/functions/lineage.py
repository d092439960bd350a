"""The trace header by which Lambda tells a chain of requests, and the counts that it carries.

Sources: AWS Lambda developer guide, "Use Lambda recursive loop detection to prevent infinite
loops"; AWS X-Ray developer guide, "Tracing header". The field ``Lineage`` isn't documented.
OpenTelemetry's propagators for X-Ray pass it on, and their tests have two forms of it: a list of
functions, ``Lineage=a87bd80c:1|68fd508a:5`` (``otel_propagator_xray_SUITE.erl``), and one,
``Lineage=1:fe460cdd:0`` (``AwsXrayPropagator.java``: request counter, hash, loop counter). Here it
is the list, which counts each function of a circle. Functions don't read it: botocore sends on
what it was given (``botocore.handlers.add_recursion_detection_header``).
"""

import hashlib
import os
import time
from collections.abc import Iterable
from urllib.parse import unquote

# "If your function is invoked approximately 16 times in the same chain of requests, then Lambda
# automatically stops the next function invocation in that request chain".
MOST_INVOCATIONS = 16

HEADER = "x-amzn-trace-id"


def invocations(header: str, function_arn: str) -> int:
    """How often a chain has invoked a function, by the header of what asks for it once more."""
    return _counts(header).get(_hash(function_arn), -1) + 1


def continued(header: str, function_arn: str) -> str:
    """The header with which a chain invokes a function; of a new chain, if ``header`` is empty."""
    fields = _fields(header)
    counts = _counts(header)
    hashed = _hash(function_arn)
    counts[hashed] = counts.get(hashed, -1) + 1
    root = fields.get("Root") or f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"
    lineage = "|".join(f"{name}:{count}" for name, count in counts.items())
    return f"Root={root};Parent={os.urandom(8).hex()};Sampled=0;Lineage={lineage}"


def merged(headers: Iterable[str]) -> str:
    """One header for several messages that are delivered together, with the highest count of each
    function. It isn't documented which of them AWS counts; this one is never later than AWS."""
    given = [header for header in headers if header]
    counts: dict[str, int] = {}
    for header in given:
        for name, count in _counts(header).items():
            counts[name] = max(count, counts.get(name, 0))
    root = next((found for header in given if (found := _fields(header).get("Root"))), "")
    if not root or not counts:
        return given[0] if given else ""
    lineage = "|".join(f"{name}:{count}" for name, count in counts.items())
    return f"Root={root};Lineage={lineage}"


def _fields(header: str) -> dict[str, str]:
    # botocore quotes the strokes of the lineage.
    parts = (part.partition("=") for part in unquote(header).split(";"))
    return {name.strip(): value.strip() for name, _, value in parts}


def _counts(header: str) -> dict[str, int]:
    """The counts; none if the header has another form, because then the chain didn't begin here."""
    counts: dict[str, int] = {}
    for entry in _fields(header).get("Lineage", "").split("|"):
        name, _, count = entry.partition(":")
        if name and count.isascii() and count.isdigit():
            counts[name] = int(count)
    return counts


def _hash(function_arn: str) -> str:
    """A hash of the function's ARN, the same for all of its versions."""
    unqualified = ":".join(function_arn.split(":")[:7])
    return hashlib.sha256(unqualified.encode()).hexdigest()[:8]
