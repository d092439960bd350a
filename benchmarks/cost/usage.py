"""What was used of AWS in a period: from the cloud's record of calls and the functions' logs."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

# What CloudWatch Logs counts besides each event's text (API reference, PutLogEvents).
_EVENT_BYTES = 26
_S3_PUTS = ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Attributes:
    calls: of the functions, by function, service and operation.
    writes: items that were written to DynamoDB, or whose condition failed.
    base_wcu, index_wcu, read_units: DynamoDB's units.
    invocations: of the functions, by function.
    batches: those that a queue's poller made: each is a receive and a delete of its queue.
    gb_seconds: billed duration times memory.
    log_bytes: of the functions' logs.
    changes: events of ECS and Batch that came to track_run, each a message in its queue.
    metrics: names of custom metrics.
    cpu_ms: of the functions' processes.
    """

    calls: Counter[tuple[str, str, str]]
    writes: int
    base_wcu: float
    index_wcu: float
    read_units: float
    invocations: Counter[str]
    batches: int
    gb_seconds: float
    log_bytes: int
    changes: int
    metrics: frozenset[str] = frozenset()
    cpu_ms: float = field(default=0.0)

    @classmethod
    def of(
        cls,
        calls: Iterable[Mapping[str, Any]],
        logs: Mapping[str, Iterable[str]],
        fed: frozenset[str],
        cpu_ms: float = 0.0,
    ) -> Self:
        """Args:
        calls: of the functions, as the cloud recorded them (``caller`` is the function).
        logs: messages of each function's log.
        fed: the functions that a queue feeds.
        """
        recorded = list(calls)
        consumed = [each for call in recorded for each in call["consumed"]]
        invocations: Counter[str] = Counter()
        gb_seconds, log_bytes, changes = 0.0, 0, 0
        metrics: set[str] = set()
        for function, messages in logs.items():
            for message in messages:
                log_bytes += len(message.encode()) + _EVENT_BYTES
                line = _json(message)
                if line.get("type") == "platform.report":
                    figures = line["record"]["metrics"]
                    invocations[function] += 1
                    gb_seconds += (
                        figures["billedDurationMs"] / 1000 * figures["memorySizeMB"] / 1024
                    )
                changes += line.get("message") in ("state change", "another's event")
                metrics |= _metrics_in(line)
        return cls(
            calls=Counter(
                (call["caller"], call["service"], call["operation"]) for call in recorded
            ),
            writes=sum(each["writes"] for each in consumed),
            base_wcu=sum(each["write_units"] for each in consumed),
            index_wcu=sum(each["index_write_units"] for each in consumed),
            read_units=sum(each["read_units"] for each in consumed),
            invocations=invocations,
            batches=sum(count for function, count in invocations.items() if function in fed),
            gb_seconds=gb_seconds,
            log_bytes=log_bytes,
            changes=changes,
            metrics=frozenset(metrics),
            cpu_ms=cpu_ms,
        )

    @property
    def all_calls(self) -> int:
        return sum(self.calls.values())

    def calls_of(self, service: str, *operations: str) -> int:
        """How many calls of a service's operations; of all, if none is named."""
        return sum(
            count
            for (_, called, operation), count in self.calls.items()
            if called == service and (not operations or operation in operations)
        )

    @property
    def sent(self) -> int:
        """SQS requests of the functions, and those by which EventBridge delivers."""
        return self.calls_of("sqs") + self.changes

    @property
    def polled(self) -> int:
        """SQS requests of Lambda's pollers that found messages: a receive and a delete each."""
        return 2 * self.batches

    @property
    def paid(self) -> dict[str, float]:
        """Amounts by kind of price. What isn't named costs nothing by the call."""
        puts = self.calls_of("s3", *_S3_PUTS)
        deletes = self.calls_of("s3", "DeleteObject", "DeleteObjects", "AbortMultipartUpload")
        return {
            "write_units": self.base_wcu + self.index_wcu,
            "read_units": self.read_units,
            "lambda_requests": sum(self.invocations.values()),
            "lambda_gb_s": self.gb_seconds,
            "sqs_requests": self.sent + self.polled,
            "custom_events": self.calls_of("events", "PutEvents"),
            "log_bytes": self.log_bytes,
            "s3_puts": puts,
            "s3_gets": self.calls_of("s3") - puts - deletes,
            "secrets_calls": self.calls_of("secretsmanager"),
        }


def _json(message: str) -> dict[str, Any]:
    try:
        content = json.loads(message)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _metrics_in(line: dict[str, Any]) -> set[str]:
    """Names in CloudWatch's embedded metric format."""
    directives = (line.get("_aws") or {}).get("CloudWatchMetrics") or []
    return {metric["Name"] for each in directives for metric in each["Metrics"]}
