"""The lines that Lambda itself writes around an invocation.

Sources: AWS Lambda developer guide, "Sending Lambda function logs to CloudWatch Logs" and
"Lambda Telemetry API Event schema reference" (JSON); of failures also reports that users have
quoted, such as "Status: error Error Type: Runtime.OutOfMemory" (nasa-gcn/gcn.nasa.gov#3628).
"""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from .spec import FunctionSpec


@dataclass(frozen=True, kw_only=True)
class Report:
    """Figures of one invocation: durations in seconds, memory in MB.

    ``error`` is what Lambda answered if the runtime failed: its ``errorType`` and ``errorMessage``.
    """

    duration: float
    memory_used: int
    init_duration: float | None
    status: str
    error: Mapping[str, str] = field(default_factory=dict)

    @property
    def billed_ms(self) -> int:
        """The start counts, too ("AWS Lambda standardizes billing for INIT Phase", AWS Compute
        Blog, from August 2025 on)."""
        return math.ceil((self.duration + (self.init_duration or 0)) * 1000)


def start_line(spec: FunctionSpec, request_id: str) -> str:
    if spec.log_format == "JSON":
        return _record("platform.start", requestId=request_id, version=spec.version)
    return f"START RequestId: {request_id} Version: {spec.version}"


def end_lines(spec: FunctionSpec, request_id: str, report: Report) -> list[str]:
    """END and REPORT, or the one ``platform.report`` of the JSON format."""
    if spec.log_format == "JSON":
        metrics: dict[str, float | int] = {
            "durationMs": round(report.duration * 1000, 3),
            "billedDurationMs": report.billed_ms,
            "memorySizeMB": spec.memory,
            "maxMemoryUsedMB": report.memory_used,
        }
        if report.init_duration is not None:
            metrics["initDurationMs"] = round(report.init_duration * 1000, 3)
        kind = report.error.get("errorType")
        content = {"requestId": request_id, "status": report.status, "metrics": metrics}
        return [_record("platform.report", **content, **({"errorType": kind} if kind else {}))]
    text = (
        f"REPORT RequestId: {request_id}\tDuration: {report.duration * 1000:.2f} ms\t"
        f"Billed Duration: {report.billed_ms} ms\tMemory Size: {spec.memory} MB\t"
        f"Max Memory Used: {report.memory_used} MB"
    )
    if report.init_duration is not None:
        text += f"\tInit Duration: {report.init_duration * 1000:.2f} ms"
    if report.status == "timeout":
        text += "\tStatus: timeout"
    if not report.error:
        return [f"END RequestId: {request_id}", text]
    kind, message = report.error["errorType"], report.error["errorMessage"]
    text += f"\tStatus: {report.status}\tError Type: {kind}"
    return [f"END RequestId: {request_id}", text, f"{message}\n{kind}"]


def _record(kind: str, **content: object) -> str:
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return json.dumps(
        {"time": f"{stamp}.{int(now * 1000) % 1000:03d}Z", "type": kind, "record": content}
    )
