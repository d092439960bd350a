"""The lines that Lambda itself writes around an invocation.

Sources: AWS Lambda developer guide, "Sending Lambda function logs to CloudWatch Logs" and
"Lambda Telemetry API Event schema reference" (JSON).
"""

import json
import math
import time
from dataclasses import dataclass

from .spec import FunctionSpec


@dataclass(frozen=True, kw_only=True)
class Report:
    """Figures of one invocation: durations in seconds, memory in MB."""

    duration: float
    memory_used: int
    init_duration: float | None
    status: str


def start_line(spec: FunctionSpec, request_id: str) -> str:
    if spec.log_format == "JSON":
        return _record("platform.start", requestId=request_id, version=spec.version)
    return f"START RequestId: {request_id} Version: {spec.version}"


def end_lines(spec: FunctionSpec, request_id: str, report: Report) -> list[str]:
    """END and REPORT, or the one ``platform.report`` of the JSON format."""
    billed = math.ceil(report.duration * 1000)
    if spec.log_format == "JSON":
        metrics: dict[str, float | int] = {
            "durationMs": round(report.duration * 1000, 3),
            "billedDurationMs": billed,
            "memorySizeMB": spec.memory,
            "maxMemoryUsedMB": report.memory_used,
        }
        if report.init_duration is not None:
            metrics["initDurationMs"] = round(report.init_duration * 1000, 3)
        return [
            _record("platform.report", requestId=request_id, status=report.status, metrics=metrics)
        ]
    text = (
        f"REPORT RequestId: {request_id}\tDuration: {report.duration * 1000:.2f} ms\t"
        f"Billed Duration: {billed} ms\tMemory Size: {spec.memory} MB\t"
        f"Max Memory Used: {report.memory_used} MB"
    )
    if report.init_duration is not None:
        text += f"\tInit Duration: {report.init_duration * 1000:.2f} ms"
    return [f"END RequestId: {request_id}", text]


def _record(kind: str, **content: object) -> str:
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return json.dumps(
        {"time": f"{stamp}.{int(now * 1000) % 1000:03d}Z", "type": kind, "record": content}
    )
